// Functions of Lua's standard library that nssh has in its own form. Lua calls them directly, with no Swift frame below them, so that
// they may raise; what they do is the manual's, and errors read as Lua's own do.
//
// Files are close-on-exec: what a script executes (os.execute, io.popen) has no business with the files that it has open, least of all in a
// namespace of others. In a place of somebody else's (nssh_foreign.h) nothing is loaded from the files there.
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include "nssh_foreign.h"
#include "nssh_lua.h"

// ---- io ---------------------------------------------------------------------------------------------------------

// Lua's own names in its registry, and its limit.
#define INPUT "_IO_input"
#define OUTPUT "_IO_output"
enum { MOST_FORMATS = 250 };

/// A Lua file that is closed as yet, on top of the stack: what raises before it is open leaves nothing.
static luaL_Stream *new_file(lua_State *L) {
    luaL_Stream *file = lua_newuserdatauv(L, sizeof *file, 0);
    file->closef = NULL;
    luaL_setmetatable(L, LUA_FILEHANDLE);
    return file;
}

static int close_file(lua_State *L) {
    luaL_Stream *file = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    return luaL_fileresult(L, fclose(file->f) == 0, NULL);
}

static int close_pipe(lua_State *L) {
    luaL_Stream *file = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    errno = 0;
    return luaL_execresult(L, nssh_pclose(file->f));
}

static bool is_mode(const char *mode) {
    if (*mode == 0 || !strchr("rwa", *mode)) return false;
    mode++;
    if (*mode == '+') mode++;
    return strspn(mode, "b") == strlen(mode);
}

/// fopen(3) in a mode that is one. "b" means nothing here, and there may be more of it than fopen looks at.
static FILE *open_stream(const char *name, const char *mode) {
    char own[] = {mode[0], mode[1] == '+' ? '+' : 'e', mode[1] == '+' ? 'e' : 0, 0};
    errno = 0;
    return fopen(name, own);
}

static int io_open(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    const char *mode = luaL_optstring(L, 2, "r");
    luaL_Stream *file = new_file(L);
    luaL_argcheck(L, is_mode(mode), 2, "invalid mode");
    file->f = open_stream(name, mode);
    file->closef = close_file;
    return file->f ? 1 : luaL_fileresult(L, 0, name);
}

static int io_popen(lua_State *L) {
    const char *command = luaL_checkstring(L, 1);
    const char *mode = luaL_optstring(L, 2, "r");
    luaL_Stream *file = new_file(L);
    luaL_argcheck(L, (mode[0] == 'r' || mode[0] == 'w') && mode[1] == 0, 2, "invalid mode");
    fflush(NULL);
    errno = 0;
    file->f = nssh_popen(command, mode[0] == 'r' ? "re" : "we");
    file->closef = close_pipe;
    return file->f ? 1 : luaL_fileresult(L, 0, command);
}

static int io_tmpfile(lua_State *L) {
    luaL_Stream *file = new_file(L);
    errno = 0;
    file->f = tmpfile();
    file->closef = close_file;
    if (!file->f) return luaL_fileresult(L, 0, NULL);
    fcntl(fileno(file->f), F_SETFD, FD_CLOEXEC);
    return 1;
}

/// Pushes the file of a name, or raises.
static void open_named(lua_State *L, const char *name, const char *mode) {
    luaL_Stream *file = new_file(L);
    file->f = open_stream(name, mode);
    file->closef = close_file;
    if (!file->f) luaL_error(L, "cannot open file '%s' (%s)", name, strerror(errno));
}

static void check_open(lua_State *L) {
    luaL_Stream *file = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    if (!file->closef) luaL_error(L, "attempt to use a closed file");
}

/// io.input and io.output.
static int current_file(lua_State *L, const char *key, const char *mode) {
    if (!lua_isnoneornil(L, 1)) {
        const char *name = lua_tostring(L, 1);
        if (name) {
            open_named(L, name, mode);
        } else {
            check_open(L);
            lua_pushvalue(L, 1);
        }
        lua_setfield(L, LUA_REGISTRYINDEX, key);
    }
    lua_getfield(L, LUA_REGISTRYINDEX, key);
    return 1;
}
static int io_input(lua_State *L) { return current_file(L, INPUT, "r"); }
static int io_output(lua_State *L) { return current_file(L, OUTPUT, "w"); }

/// io.lines: the iterator is that of file:lines, which is the first upvalue; its third one says whether it closes the file at the end.
static int io_lines(lua_State *L) {
    if (lua_isnone(L, 1)) lua_pushnil(L);
    bool is_new = !lua_isnil(L, 1);
    if (is_new) open_named(L, luaL_checkstring(L, 1), "r");
    else lua_getfield(L, LUA_REGISTRYINDEX, INPUT);
    lua_replace(L, 1);
    check_open(L);
    luaL_argcheck(L, lua_gettop(L) - 1 <= MOST_FORMATS, MOST_FORMATS + 2, "too many arguments");
    lua_pushvalue(L, 1);
    lua_insert(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 2);
    lua_call(L, lua_gettop(L) - 2, 1);
    if (!is_new) return 1;
    lua_pushboolean(L, 1);
    if (!lua_setupvalue(L, -2, 3)) return luaL_error(L, "io.lines: this Lua's file:lines is another one");
    lua_pushnil(L);
    lua_pushnil(L);
    lua_pushvalue(L, 1);
    return 4;
}

// ---- os ---------------------------------------------------------------------------------------------------------

/// As Lua's own, but what the command leaves running is not adopted by nssh (Orphans.swift): a script that starts a daemon in the
/// ordinary way means it to stay.
static int os_execute(lua_State *L) {
    const char *command = luaL_optstring(L, 1, NULL);
    int adopts = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &adopts, 0, 0, 0);
    if (adopts) prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    errno = 0;
    int status = nssh_system(command);
    int error = errno;
    if (adopts) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    errno = error;
    if (command) return luaL_execresult(L, status);
    lua_pushboolean(L, status);
    return 1;
}

/// Where the files are somebody else's, only what needs none of them: to ask, and "C".
static int os_setlocale(lua_State *L) {
    static const int numbers[] = {LC_ALL, LC_COLLATE, LC_CTYPE, LC_MONETARY, LC_NUMERIC, LC_TIME};
    static const char *const names[] = {"all", "collate", "ctype", "monetary", "numeric", "time", NULL};
    const char *locale = luaL_optstring(L, 1, NULL);
    int category = luaL_checkoption(L, 2, "all", names);
    if (locale && nssh_is_foreign() && strcmp(locale, "C") != 0 && strcmp(locale, "POSIX") != 0) {
        luaL_pushfail(L);
        lua_pushliteral(L, "no locale but \"C\" in another's mnt namespace or root: its files do not become a part of nssh");
        return 2;
    }
    lua_pushstring(L, setlocale(numbers[category], locale));
    return 1;
}

// ---- package ----------------------------------------------------------------------------------------------------

/// Calls the function in the first upvalue with all arguments.
static int call_own(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/// Lua's own is the first upvalue.
static int package_loadlib(lua_State *L) {
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    if (nssh_is_foreign()) {
        luaL_pushfail(L);
        lua_pushliteral(L, "no library is loaded in another's mnt namespace or root: its files do not become a part of nssh");
        lua_pushliteral(L, "absent");
        return 3;
    }
    return call_own(L);
}

/// A searcher of `require` that looks for files: Lua's own is the first upvalue; the second tells whether it says why it looks for none.
static int search_files(lua_State *L) {
    if (nssh_is_foreign()) {
        if (!lua_toboolean(L, lua_upvalueindex(2))) return 0;
        lua_pushliteral(L, "no file is looked for in another's mnt namespace or root: require it before, or run it with dofile(path)");
        return 1;
    }
    return call_own(L);
}

// ---- all of it --------------------------------------------------------------------------------------------------

void nssh_lua_own_library(lua_State *L) {
    static const luaL_Reg files[] = {{"open", io_open},   {"popen", io_popen},   {"tmpfile", io_tmpfile},
                                     {"input", io_input}, {"output", io_output}, {NULL, NULL}};
    static const luaL_Reg system[] = {{"execute", os_execute}, {"setlocale", os_setlocale}, {NULL, NULL}};
    lua_getglobal(L, "io");
    luaL_setfuncs(L, files, 0);
    luaL_getmetatable(L, LUA_FILEHANDLE);
    lua_getfield(L, -1, "__index");
    lua_getfield(L, -1, "lines");
    lua_pushcclosure(L, io_lines, 1);
    lua_setfield(L, -4, "lines");
    lua_pop(L, 3);

    lua_getglobal(L, "os");
    luaL_setfuncs(L, system, 0);
    lua_pop(L, 1);

    // The first searcher looks into package.preload, where the bundled modules are.
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "loadlib");
    lua_pushcclosure(L, package_loadlib, 1);
    lua_setfield(L, -2, "loadlib");
    lua_getfield(L, -1, "searchers");
    for (int position = 2; lua_geti(L, -1, position) != LUA_TNIL; position++) {
        lua_pushboolean(L, position == 2);
        lua_pushcclosure(L, search_files, 2);
        lua_seti(L, -2, position);
    }
    lua_pop(L, 3);
}
