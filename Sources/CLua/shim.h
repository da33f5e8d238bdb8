// Lua 5.4 for Swift: the API itself, and what Swift cannot import of it. Nothing here raises a Lua error: a raise is a longjmp, and
// would go over Swift frames. Calls that may raise go through the protected functions of CLinux.
#pragma once
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#if LUA_VERSION_NUM != 504
#error "nssh needs Lua 5.4"
#endif

static inline int nssh_lua_registryindex(void) { return LUA_REGISTRYINDEX; }
