// How Lua hashes strings. Its table of short strings and its tables find a string by a hash with a seed, which is made when the state is,
// and which a fork has too: a hostile copy of nssh can send strings that all have the same. So their chains are counted
// (Transfer+Decoding.swift), and for that the hash is needed, which stands before the string's bytes in Lua's object.
#include <string.h>
#include "nssh_lua.h"

/// luaS_hash of Lua 5.4.
static unsigned hash_of(const char *bytes, size_t size, unsigned seed) {
    unsigned hash = seed ^ (unsigned)size;
    for (; size > 0; size--) hash ^= (hash << 5) + (hash >> 2) + (unsigned char)bytes[size - 1];
    return hash;
}

/// So many bytes before a string's first byte is its hash: in Lua 5.4 (TString of lobject.h) 24 bytes stand there, the hash 12 from the start.
enum { HASH_BEFORE = 12 };

static unsigned stored(const char *bytes) {
    unsigned hash;
    memcpy(&hash, bytes - HASH_BEFORE, sizeof hash);
    return hash;
}

/// The hash of the empty string is the seed: those of others tell whether it was one.
static bool look(lua_State *L, unsigned *seed) {
    static const char *const words[] = {"a", "nssh", "a short string, of forty bytes altogether"};
    if (!lua_checkstack(L, 1)) return false;
    *seed = stored(lua_pushliteral(L, ""));
    lua_pop(L, 1);
    for (size_t word = 0; word < sizeof words / sizeof *words; word++) {
        size_t size = strnlen(words[word], NSSH_LUA_SHORT_STRING);
        unsigned found = stored(lua_pushlstring(L, words[word], size));
        lua_pop(L, 1);
        if (found != hash_of(words[word], size, *seed)) return false;
    }
    return true;
}

bool nssh_lua_shows_hashes(lua_State *L) {
    struct nssh_lua_strings *strings = nssh_lua_strings(L);
    if (strings->shown == 0) strings->shown = look(L, &strings->seed) ? 1 : -1;
    return strings->shown > 0;
}

bool nssh_lua_push_string(lua_State *L, const char *bytes, size_t size, unsigned *hash) {
    const struct nssh_lua_strings *strings = nssh_lua_strings(L);
    size_t before = strings->made;
    bytes = lua_pushlstring(L, bytes, size);
    if (strings->made == before || size > NSSH_LUA_SHORT_STRING) return false;
    *hash = stored(bytes);
    return true;
}

unsigned nssh_lua_string_hash(lua_State *L, int index, size_t *length) {
    const char *bytes = lua_tolstring(L, index, length);
    return *length > NSSH_LUA_SHORT_STRING ? hash_of(bytes, *length, nssh_lua_strings(L)->seed) : stored(bytes);
}
