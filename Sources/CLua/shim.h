// Lua 5.4 for Swift: the API itself, and as functions those of its macros that Swift cannot import.
// Nothing here raises a Lua error, and nothing that may raise belongs here: a raise is a longjmp, and would go over Swift
// frames. Calls that may raise go through the protected functions of CLinux. (lua_newtable, nssh_lua_pushcfunction and
// the pushes raise for want of memory only; the allocator of LuaKit sees to that.)
#ifndef NSSH_CLUA_SHIM_H
#define NSSH_CLUA_SHIM_H

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#include <stddef.h>

#if LUA_VERSION_NUM != 504
#error "nssh needs Lua 5.4"
#endif

// Pseudo-indices.
static inline int nssh_lua_registryindex(void) { return LUA_REGISTRYINDEX; }
static inline int nssh_lua_upvalueindex(int i) { return lua_upvalueindex(i); }

// The stack. None of these goes through a metamethod; pop and replace close no to-be-closed slot.
static inline void nssh_lua_pop(lua_State *L, int n) { lua_settop(L, -n - 1); }
static inline void nssh_lua_insert(lua_State *L, int index) { lua_rotate(L, index, 1); }
static inline void nssh_lua_remove(lua_State *L, int index) { lua_rotate(L, index, -1); lua_settop(L, -2); }
static inline void nssh_lua_replace(lua_State *L, int index) { lua_copy(L, -1, index); lua_settop(L, -2); }

// Kinds of values.
static inline int nssh_lua_isnone(lua_State *L, int index) { return lua_type(L, index) == LUA_TNONE; }
static inline int nssh_lua_isnil(lua_State *L, int index) { return lua_type(L, index) == LUA_TNIL; }
static inline int nssh_lua_isnoneornil(lua_State *L, int index) { return lua_type(L, index) <= 0; }
static inline int nssh_lua_isboolean(lua_State *L, int index) { return lua_type(L, index) == LUA_TBOOLEAN; }
static inline int nssh_lua_istable(lua_State *L, int index) { return lua_type(L, index) == LUA_TTABLE; }
static inline int nssh_lua_isfunction(lua_State *L, int index) { return lua_type(L, index) == LUA_TFUNCTION; }
static inline int nssh_lua_isthread(lua_State *L, int index) { return lua_type(L, index) == LUA_TTHREAD; }
static inline int nssh_lua_islightuserdata(lua_State *L, int index) { return lua_type(L, index) == LUA_TLIGHTUSERDATA; }

// Conversions without the "is it one" result. nssh_lua_tostring turns a number on the stack into a string, as Lua does.
static inline const char *nssh_lua_tostring(lua_State *L, int index) { return lua_tolstring(L, index, NULL); }
static inline lua_Integer nssh_lua_tointeger(lua_State *L, int index) { return lua_tointegerx(L, index, NULL); }
static inline lua_Number nssh_lua_tonumber(lua_State *L, int index) { return lua_tonumberx(L, index, NULL); }

// New values.
static inline void nssh_lua_newtable(lua_State *L) { lua_createtable(L, 0, 0); }
static inline void nssh_lua_pushcfunction(lua_State *L, lua_CFunction function) { lua_pushcclosure(L, function, 0); }
static inline void nssh_lua_pushglobaltable(lua_State *L) { lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS); }

// The LUA_EXTRASPACE bytes before a state, copied from the main thread to every new coroutine.
static inline void *nssh_lua_getextraspace(lua_State *L) { return lua_getextraspace(L); }

#endif
