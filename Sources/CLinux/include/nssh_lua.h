// The one place that raises Lua errors for Swift: functions of the standard library (library.c) raise their own. A Swift function never
// raises: it returns a code, and the C frame above it, with no Swift frame left on the stack, does what the code says.
#pragma once
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdbool.h>
#include <stddef.h>

/// What a Swift function returns to have the value on top of the stack raised.
enum { NSSH_LUA_RAISE = -1 };

/// Called for every Swift function: `index` says which one. Returns a number of results or NSSH_LUA_RAISE.
typedef int (*nssh_lua_dispatch)(lua_State *L, void *context, int index);

/// A new state with the standard libraries, coroutines that can be interrupted and no Swift function yet; NULL when
/// there is no memory. `ignore_environment`: LUA_PATH and LUA_CPATH count for nothing (lua's -E).
lua_State *nssh_lua_new(nssh_lua_dispatch dispatch, void *context, bool ignore_environment);
/// Replaces functions of the standard library by nssh's own forms of them (library.c).
void nssh_lua_own_library(lua_State *L);
/// Turns warnings on or off, as warn("@on") does.
void nssh_lua_set_warnings(lua_State *L, bool on);
/// What a warning goes through before it is shown, with a result from malloc; NULL: it is shown as it is.
void nssh_lua_set_escape(char *(*function)(const char *text));
/// Closes the state. An interrupt is harmless until nssh_lua_release has got what this returns.
void *nssh_lua_close(lua_State *L);
void nssh_lua_release(void *closed);
void *nssh_lua_context(lua_State *L);

/// Bytes that Lua holds now, and the soft limit (0: none). Lua code over the limit gets "not enough memory"; a Swift
/// function may go over it while it runs, and is stopped when it returns.
size_t nssh_lua_memory(lua_State *L);
void nssh_lua_set_memory_limit(lua_State *L, size_t bytes);

/// What is known of a state's strings.
struct nssh_lua_strings {
    /// How many have been made.
    size_t made;
    /// The seed of their hashes, once it is known.
    unsigned seed;
    /// Whether the hashes can be seen: 1 or -1, 0 before anybody has asked.
    signed char shown;
};
struct nssh_lua_strings *nssh_lua_strings(lua_State *L);
/// The longest string that Lua keeps once only, in its table of strings: LUAI_MAXSHORTLEN.
enum { NSSH_LUA_SHORT_STRING = 40 };
/// Pushes a string. Whether it is a short one that Lua did not have yet, and then its hash.
bool nssh_lua_push_string(lua_State *L, const char *bytes, size_t size, unsigned *hash);
/// The hash that a table finds the string at `index` by, and its length. Only where hashes are shown.
unsigned nssh_lua_string_hash(lua_State *L, int index, size_t *length);
/// Whether the hashes of strings can be seen: where they lie is no part of Lua's interface, and is found out.
bool nssh_lua_shows_hashes(lua_State *L);

/// Pushes Swift function number `index`.
void nssh_lua_push_function(lua_State *L, int index);
/// Whether the value at `index` is a Swift function, and its number.
int nssh_lua_function_index(lua_State *L, int index);

// Protected forms of the calls that may raise. Each returns a Lua status; when that is not LUA_OK, the error value is
// on top instead of the results.
int nssh_lua_pcall(lua_State *L, int arguments, int results, int handler);
int nssh_lua_load(lua_State *L, const char *bytes, size_t size, const char *name, const char *mode);
/// Pops a key, pushes t[key].
int nssh_lua_get(lua_State *L, int table);
/// Pops a key and a value: t[key] = value.
int nssh_lua_set(lua_State *L, int table);
/// Pops a key, pushes the next key and value (`*more` is 1) or nothing (`*more` is 0).
int nssh_lua_next(lua_State *L, int table, int *more);
/// Pushes the value as luaL_tolstring has it, __tostring and __name included.
int nssh_lua_display(lua_State *L, int index);
/// Pushes a == b, metamethods included.
int nssh_lua_equals(lua_State *L, int a, int b);

/// The value that an interrupt raises: pops it.
void nssh_lua_set_interrupt_value(lua_State *L);
void nssh_lua_push_interrupt_value(lua_State *L);
/// Stops the running code; safe in a signal handler. It goes on stopping code until nssh_lua_clear_interrupt, so that
/// neither a coroutine nor a loop around pcall survives it.
void nssh_lua_interrupt(lua_State *L);
bool nssh_lua_interrupted(lua_State *L);
void nssh_lua_clear_interrupt(lua_State *L);

/// The descriptor of the Lua file at `index`; -1 if it is no Lua file, -2 if that is closed.
int nssh_lua_file_descriptor(lua_State *L, int index);
/// Pushes a Lua file on `descriptor`, which it then owns; 0, or an errno (the descriptor is still the caller's then).
int nssh_lua_push_file(lua_State *L, int descriptor, const char *mode);

/// Closes the Lua file at `index`, if it is one and open.
void nssh_lua_close_file(lua_State *L, int index);

/// "source:line:" of the function at `level` into `buffer`; the length, 0 if there is none.
int nssh_lua_where(lua_State *L, int level, char *buffer, size_t size);

/// How many levels there are.
int nssh_lua_depth(lua_State *L);

struct nssh_lua_frame {
    char source[LUA_IDSIZE];
    int line;
    int line_defined;
    bool is_c, is_main, is_tail_call;
    const char *name, *name_kind;
    /// The number of a Swift function, -1 for any other.
    int function_index;
};
/// Describes the function at `level`; false when there is none. `name` is Lua's and lives as long as the frame.
bool nssh_lua_frame_at(lua_State *L, int level, struct nssh_lua_frame *frame);
