import LuaKit
let state = LuaState()!
let lua = state.lua
state.register(LuaModule("t", "", [LuaFunction("t.add", [LuaField("a", .integer, optional: false, ""), LuaField("b", .number, "")], "") { call throws(LuaError) in
    call.lua.push((call[0].integer ?? 0) + (call[1].integer ?? 0)); return 1 }]))
for line in CommandLine.arguments.dropFirst() {
    do { try lua.loadRelaxed(Array(line.utf8), name: "=arg"); try lua.call(arguments: 0, results: 0, traceback: true) } catch {
        lua.push(error); print((try? lua.display(-1)) ?? "?")
        lua.top = 0
    }
}
