// Between Lua and Swift: the only file that raises what Swift wants raised. See nssh_lua.h.
#include "nssh_lua.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "nssh_signals.h"

/// How many instructions clean-up code may run between two raises of one interrupt, and after how many raises there is
/// no more grace (a loop that keeps catching the error).
enum { GRACE_INSTRUCTIONS = 10000, GRACE_RAISES = 8 };

struct state {
    nssh_lua_dispatch dispatch;
    void *context;
    size_t used, limit;
    struct nssh_lua_strings strings;
    /// Whether a Swift frame would be crossed by a raise now; the allocator never fails then.
    bool in_swift;
    volatile sig_atomic_t interrupted;
    int raises;
    /// The coroutine that runs now: hooks are set a thread.
    lua_State *volatile running;
    /// The main thread. An interrupt may come when the state is being closed and later: its memory is kept till the very end.
    lua_State *main;
    void *main_block;
};

static const char interrupt_key;
static void interrupt_hook(lua_State *L, lua_Debug *);

static struct state *state_of(lua_State *L) { return *(struct state **)lua_getextraspace(L); }

/// During an interrupt, sets the hook of a thread that runs next. One that counts already is left alone, so that clean-up
/// code keeps its grace whatever it calls; without grace every thread is stopped at once.
static void arm(struct state *state, lua_State *L) {
    bool graceful = state->raises > 0 && state->raises <= GRACE_RAISES;
    if (!state->interrupted || (graceful && lua_gethook(L) == interrupt_hook)) return;
    lua_sethook(L, interrupt_hook, LUA_MASKCOUNT, graceful ? GRACE_INSTRUCTIONS : 1);
}

/// Counts a raise, and sees to the next one, should this one be caught.
static void raise_again(struct state *state, lua_State *L) {
    int grace = ++state->raises > GRACE_RAISES ? 1 : GRACE_INSTRUCTIONS;
    lua_sethook(L, interrupt_hook, LUA_MASKCOUNT, grace);
}

static bool is_inside(lua_State *L, char *block, size_t size) {
    return L && (char *)L >= block && (char *)L < block + size;
}

static void *allocate(void *data, void *block, size_t old_size, size_t new_size) {
    struct state *state = data;
    size_t old = block ? old_size : 0;
    if (new_size == 0) {
        if (is_inside(state->main, block, old)) state->main_block = block;
        else {
            if (is_inside(state->running, block, old)) state->running = state->main;
            free(block);
        }
        state->used -= old;
        return NULL;
    }
    if (new_size > old && !state->in_swift && state->limit && state->used + (new_size - old) > state->limit) return NULL;
    void *result = realloc(block, new_size);
    if (!result) {
        if (!state->in_swift) return NULL;
        static const char text[] = "nssh: out of memory\n";
        (void)!write(2, text, sizeof text - 1);
        abort();
    }
    state->used += new_size - old;
    // Of a new block, Lua tells what it is for in the place of the old size.
    if (!block && old_size == LUA_TSTRING) state->strings.made++;
    return result;
}

// ---- calls into Swift -------------------------------------------------------------------------------------------

static int trampoline(lua_State *L) {
    struct state *state = state_of(L);
    bool outer = state->in_swift;
    state->in_swift = true;
    int results = state->dispatch(L, state->context, (int)lua_tointeger(L, lua_upvalueindex(1)));
    state->in_swift = outer;
    if (state->limit && state->used > state->limit && !outer) {
        lua_gc(L, LUA_GCCOLLECT);
        if (state->used > state->limit) {
            lua_settop(L, 0);  // a coroutine that dies of this keeps its stack
            return luaL_error(L, "not enough memory");
        }
    }
    if (results == NSSH_LUA_RAISE) {
        if (state->interrupted) raise_again(state, L);  // a wait that ^C ended: clean-up code has its grace here, too
        return lua_error(L);
    }
    return results;
}

void nssh_lua_push_function(lua_State *L, int index) {
    lua_pushinteger(L, index);
    lua_pushcclosure(L, trampoline, 1);
}

int nssh_lua_function_index(lua_State *L, int index) {
    if (lua_tocfunction(L, index) != trampoline) return -1;
    if (!lua_getupvalue(L, index, 1)) return -1;
    int result = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return result;
}

// ---- protected calls from Swift ---------------------------------------------------------------------------------

int nssh_lua_pcall(lua_State *L, int arguments, int results, int handler) {
    struct state *state = state_of(L);
    bool outer = state->in_swift;
    lua_State *running = state->running;
    int base = lua_gettop(L) - arguments - 1;
    state->in_swift = false;
    state->running = L;
    arm(state, L);
    int status = lua_pcall(L, arguments, results, handler);
    state->in_swift = outer;
    state->running = running;
    if (running) arm(state, running);
    if (results == LUA_MULTRET && !lua_checkstack(L, LUA_MINSTACK)) {  // they may have filled the stack to its last slot
        lua_settop(L, base);
        lua_pushliteral(L, "too many results");
        status = LUA_ERRRUN;
    }
    return status;
}

int nssh_lua_load(lua_State *L, const char *bytes, size_t size, const char *name, const char *mode) {
    struct state *state = state_of(L);
    bool outer = state->in_swift;
    state->in_swift = false;
    int status = luaL_loadbufferx(L, bytes, size, name, mode);
    state->in_swift = outer;
    return status;
}

static int get(lua_State *L) {
    lua_gettable(L, 1);
    return 1;
}
static int set(lua_State *L) {
    lua_settable(L, 1);
    return 0;
}
static int next(lua_State *L) { return lua_next(L, 1) ? 2 : 0; }
static int display(lua_State *L) {
    luaL_tolstring(L, 1, NULL);
    return 1;
}
static int equals(lua_State *L) {
    lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPEQ));
    return 1;
}

/// Calls `function` with the value at `first` below the `count` values on top.
static int protected(lua_State *L, lua_CFunction function, int first, int count, int results) {
    first = lua_absindex(L, first);
    if (!lua_checkstack(L, 3)) {
        lua_settop(L, -count - 1);
        lua_pushliteral(L, "stack overflow");
        return LUA_ERRRUN;
    }
    lua_pushcfunction(L, function);
    lua_insert(L, -count - 1);
    lua_pushvalue(L, first);
    lua_insert(L, -count - 1);
    return nssh_lua_pcall(L, count + 1, results, 0);
}

int nssh_lua_get(lua_State *L, int table) { return protected(L, get, table, 1, 1); }
int nssh_lua_set(lua_State *L, int table) { return protected(L, set, table, 2, 0); }
int nssh_lua_display(lua_State *L, int index) { return protected(L, display, index, 0, 1); }
int nssh_lua_next(lua_State *L, int table, int *more) {
    int before = lua_gettop(L);
    int status = protected(L, next, table, 1, LUA_MULTRET);
    *more = status == LUA_OK && lua_gettop(L) > before;
    return status;
}
int nssh_lua_equals(lua_State *L, int a, int b) {
    a = lua_absindex(L, a);
    lua_pushvalue(L, b);
    return protected(L, equals, a, 1, 1);
}

// ---- interrupts -------------------------------------------------------------------------------------------------

static void interrupt_hook(lua_State *L, lua_Debug *) {
    struct state *state = state_of(L);
    if (!state->interrupted) {
        lua_sethook(L, NULL, 0, 0);
        return;
    }
    raise_again(state, L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &interrupt_key);
    lua_error(L);
}

void nssh_lua_interrupt(lua_State *L) {
    struct state *state = state_of(L);
    state->interrupted = 1;
    lua_State *running = state->running;
    lua_sethook(running ? running : L, interrupt_hook, LUA_MASKCOUNT, 1);
}

bool nssh_lua_interrupted(lua_State *L) { return state_of(L)->interrupted != 0; }

void nssh_lua_clear_interrupt(lua_State *L) {
    struct state *state = state_of(L);
    state->interrupted = 0;
    state->raises = 0;
    lua_sethook(L, NULL, 0, 0);
}

void nssh_lua_set_interrupt_value(lua_State *L) { lua_rawsetp(L, LUA_REGISTRYINDEX, &interrupt_key); }
void nssh_lua_push_interrupt_value(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &interrupt_key); }

/// Moves `count` values from L to `co`, resumes it, moves the results back: their number, or -1 with the error on top.
static int resume(lua_State *L, lua_State *co, int count) {
    if (!lua_checkstack(co, count)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    struct state *state = state_of(L);
    lua_State *running = state->running;
    int results;
    lua_xmove(L, co, count);
    state->running = co;
    arm(state, co);
    int status = lua_resume(co, L, count, &results);
    state->running = running;
    arm(state, L);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, results + 1)) {
        lua_pop(co, results);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(co, L, results);
    return results;
}

static int coroutine_resume(lua_State *L) {
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    int results = resume(L, co, lua_gettop(L) - 1);
    lua_pushboolean(L, results >= 0);
    if (results < 0) results = 1;
    lua_insert(L, -(results + 1));
    return results + 1;
}

/// Ends `co`, running its pending __close: a Lua status, with the error on its stack if there is one.
static int reset(lua_State *L, lua_State *co) {
    struct state *state = state_of(L);
    lua_State *running = state->running;
    state->running = co;
    arm(state, co);
    int status = lua_resetthread(co);
    state->running = running;
    arm(state, L);
    return status;
}

static int coroutine_close(lua_State *L) {
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    lua_Debug frame;
    if (co == L) return luaL_error(L, "cannot close a running coroutine");
    if (lua_status(co) == LUA_OK && lua_getstack(co, 0, &frame)) return luaL_error(L, "cannot close a normal coroutine");
    bool closed = reset(L, co) == LUA_OK;
    lua_pushboolean(L, closed);
    if (closed) return 1;
    lua_xmove(co, L, 1);
    return 2;
}

static int wrapped(lua_State *L) {
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int results = resume(L, co, lua_gettop(L));
    if (results >= 0) return results;
    int status = lua_status(co);
    if (status != LUA_OK && status != LUA_YIELD) {  // it died of the error: run its pending __close
        status = reset(L, co);
        lua_xmove(co, L, 1);
    }
    // An interrupt's value stays what it is.
    if (status != LUA_ERRMEM && !state_of(L)->interrupted && lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int coroutine_wrap(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

// ---- life -------------------------------------------------------------------------------------------------------

/// Makes a text fit for a terminal, from malloc.
static char *(*escape)(const char *text);
void nssh_lua_set_escape(char *(*function)(const char *text)) { escape = function; }

/// A text that may be anybody's, to standard error.
static void show(const char *text) {
    char *shown = escape ? escape(text) : NULL;
    fputs(shown ? shown : text, stderr);
    free(shown);
}

static void warn(void *, const char *message, int continues) {
    static bool fresh = true;
    if (fresh) fputs("nssh: warning: ", stderr);
    show(message);
    fresh = !continues;
    if (fresh) fputs("\n", stderr);
}
static void warn_off(void *data, const char *message, int continues);
static void warn_on(void *data, const char *message, int continues) {
    if (!continues && strcmp(message, "@off") == 0) lua_setwarnf((lua_State *)data, warn_off, data);
    else if (continues || message[0] != '@') warn(data, message, continues);
}
static void warn_off(void *data, const char *message, int continues) {
    if (!continues && strcmp(message, "@on") == 0) lua_setwarnf((lua_State *)data, warn_on, data);
}

static int panic(lua_State *L) {
    const char *text = lua_tostring(L, -1);
    fputs("nssh: error outside a protected call: ", stderr);
    show(text ? text : "(no text)");
    fputs("\n", stderr);
    return 0;
}

static int open_libraries(lua_State *L) {
    static const luaL_Reg coroutines[] = {
        {"resume", coroutine_resume}, {"wrap", coroutine_wrap}, {"close", coroutine_close}, {NULL, NULL}};
    luaL_openlibs(L);
    lua_getglobal(L, "coroutine");
    luaL_setfuncs(L, coroutines, 0);
    lua_pop(L, 1);
    nssh_lua_own_library(L);
    return 0;
}

lua_State *nssh_lua_new(nssh_lua_dispatch dispatch, void *context, bool ignore_environment) {
    struct state *state = calloc(1, sizeof *state);
    if (!state) return NULL;
    state->dispatch = dispatch;
    state->context = context;
    lua_State *L = lua_newstate(allocate, state);
    if (!L) {
        free(state);
        return NULL;
    }
    *(struct state **)lua_getextraspace(L) = state;
    state->running = state->main = L;
    lua_atpanic(L, panic);
    lua_setwarnf(L, warn_off, L);
    if (ignore_environment) {
        lua_pushboolean(L, 1);
        lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    }
    lua_pushliteral(L, "interrupted!");
    nssh_lua_set_interrupt_value(L);
    lua_pushcfunction(L, open_libraries);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
        nssh_lua_release(nssh_lua_close(L));
        return NULL;
    }
    state->in_swift = true;
    return L;
}

void nssh_lua_set_warnings(lua_State *L, bool on) { lua_setwarnf(L, on ? warn_on : warn_off, L); }

void *nssh_lua_close(lua_State *L) {
    struct state *state = state_of(L);
    lua_close(L);
    return state;
}

void nssh_lua_release(void *closed) {
    struct state *state = closed;
    nssh_forget_interrupts(state->main);
    free(state->main_block);
    free(state);
}

void *nssh_lua_context(lua_State *L) { return state_of(L)->context; }
struct nssh_lua_strings *nssh_lua_strings(lua_State *L) { return &state_of(L)->strings; }
size_t nssh_lua_memory(lua_State *L) { return state_of(L)->used; }
void nssh_lua_set_memory_limit(lua_State *L, size_t bytes) { state_of(L)->limit = bytes; }

// ---- files and frames -------------------------------------------------------------------------------------------

int nssh_lua_file_descriptor(lua_State *L, int index) {
    luaL_Stream *stream = luaL_testudata(L, index, LUA_FILEHANDLE);
    if (!stream) return -1;
    if (!stream->closef) return -2;
    fflush(stream->f);
    return fileno(stream->f);
}

static int close_file(lua_State *L) {
    luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    return luaL_fileresult(L, fclose(stream->f) == 0, NULL);
}

int nssh_lua_push_file(lua_State *L, int descriptor, const char *mode) {
    luaL_Stream *stream = lua_newuserdatauv(L, sizeof *stream, 0);
    stream->closef = NULL;
    luaL_setmetatable(L, LUA_FILEHANDLE);
    stream->f = fdopen(descriptor, mode);
    if (!stream->f) {
        int error = errno;
        lua_pop(L, 1);
        return error;
    }
    if (mode[0] == 'w') setvbuf(stream->f, NULL, _IOLBF, BUFSIZ);
    stream->closef = close_file;
    return 0;
}

void nssh_lua_close_file(lua_State *L, int index) {
    luaL_Stream *stream = luaL_testudata(L, index, LUA_FILEHANDLE);
    if (!stream || !stream->closef) return;
    stream->closef = NULL;
    fclose(stream->f);
}

int nssh_lua_where(lua_State *L, int level, char *buffer, size_t size) {
    lua_Debug frame;
    if (!lua_getstack(L, level, &frame) || !lua_getinfo(L, "Sl", &frame) || frame.currentline <= 0) return 0;
    int length = snprintf(buffer, size, "%s:%d:", frame.short_src, frame.currentline);
    return length < 0 || (size_t)length >= size ? 0 : length;
}

int nssh_lua_depth(lua_State *L) {
    lua_Debug frame;
    int low = 0, high = 1;
    while (lua_getstack(L, high, &frame)) {
        low = high;
        high *= 2;
    }
    while (low < high) {
        int middle = (low + high) / 2;
        if (lua_getstack(L, middle, &frame)) low = middle + 1;
        else high = middle;
    }
    return low;
}

bool nssh_lua_frame_at(lua_State *L, int level, struct nssh_lua_frame *frame) {
    lua_Debug debug;
    if (!lua_checkstack(L, 2) || !lua_getstack(L, level, &debug) || !lua_getinfo(L, "fSlnt", &debug)) return false;
    frame->function_index = nssh_lua_function_index(L, -1);
    lua_pop(L, 1);
    memcpy(frame->source, debug.short_src, sizeof frame->source);
    frame->line = debug.currentline;
    frame->line_defined = debug.linedefined;
    frame->is_c = debug.what[0] == 'C';
    frame->is_main = debug.what[0] == 'm';
    frame->is_tail_call = debug.istailcall;
    frame->name = debug.name;
    frame->name_kind = debug.namewhat;
    return true;
}
