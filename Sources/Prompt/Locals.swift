import Bindings
import LuaKit

/// The local variables of the prompt, which live from one input to the next. Chunks find them before the globals: their `_ENV` is a
/// table that looks here first.
///
/// `local x <close>` is closed when `x` is declared or assigned anew, by `:close`, or at the end.
final class Locals {
    private let values: LuaReference
    private var environment: LuaReference?
    /// Those with `<close>`, in the order of their declaration.
    private var closing: [String] = []
    /// The names, in the order of their declaration.
    private(set) var names: [String] = []

    init(_ lua: Lua) {
        lua.reserve(8)
        lua.pushTable()
        lua.pushTable(fields: 1)
        lua.pushGlobals()
        lua.rawSet(-2, "__index")
        lua.setMetatable(-2)
        values = LuaReference(lua)

        lua.pushTable()
        lua.pushTable(fields: 2)
        values.push(lua)
        lua.rawSet(-2, "__index")
        let assign = LuaFunction("prompt.__newindex", variadic: true, "") { [unowned self] call throws(LuaError) in
            let lua = call.lua
            lua.top = 3
            if let name = lua.string(2), self.names.contains(name) {
                try self.set(lua, name)
            } else {
                lua.pushGlobals()
                lua.insert(2)
                try lua.set(2)
            }
            lua.top = 0
            return 0
        }
        lua.state.push(assign, lua)
        lua.rawSet(-2, "__newindex")
        lua.setMetatable(-2)
        environment = LuaReference(lua)
    }

    /// Lets the chunk at `index` see the variables.
    func show(_ lua: Lua, to index: Int32) {
        guard !names.isEmpty, let environment else { return }
        let index = lua.absolute(index)
        environment.push(lua)
        lua.setEnvironment(index)
    }

    /// Declares variables with the values on top of the stack, which it pops.
    func declare(_ lua: Lua, _ variables: [TopLevelLocals.Variable]) throws(LuaError) {
        let first = lua.top - Int32(variables.count) + 1
        defer { lua.top = first - 1 }
        for (position, variable) in variables.enumerated() where variable.isClosed {
            let value = first + Int32(position)
            if lua.kind(value) == .nil || lua.kind(value) == .boolean && !lua.boolean(value) { continue }
            guard lua.pushMetafield(value, "__close") != .none else {
                throw .message("variable '\(variable.name)' got a non-closable value")
            }
            lua.pop()
        }
        for (position, variable) in variables.enumerated() {
            lua.pushValue(first + Int32(position))
            try set(lua, variable.name)
            if variable.isClosed { closing.append(variable.name) }
        }
    }

    /// Pops the value of a variable, which is declared from now on.
    func set(_ lua: Lua, _ name: String) throws(LuaError) {
        lua.reserve(6)
        let wasClosed = closing.contains(name)
        values.push(lua)
        lua.rawGet(-1, name)
        lua.insert(-3)
        // old value, new value, table
        lua.insert(-2)
        lua.rawSet(-2, name)
        lua.pop()
        if !names.contains(name) {
            names.append(name)
            // A local that is nil is looked for among the globals, and is no undefined one.
            GlobalNames.declare(lua, name)
        }
        closing.removeAll { $0 == name }
        if wasClosed { try Locals.close(lua) }
        lua.pop()
    }

    /// Closes the variables that are to be closed, the last one first, or one of them.
    func close(_ lua: Lua, _ name: String? = nil) throws(LuaError) {
        for closed in closing.reversed() where name == nil || closed == name {
            lua.reserve(4)
            lua.pushNil()
            try set(lua, closed)
        }
    }

    /// Pushes the value of a variable, and tells whether it is declared. No code runs.
    func push(_ lua: Lua, _ name: String) -> Bool {
        guard names.contains(name) else { return false }
        lua.reserve(3)
        values.push(lua)
        lua.rawGet(-1, name)
        lua.remove(-2)
        return true
    }

    /// The variables that wait to be closed.
    var open: [String] { closing }

    /// Calls `__close` of the value on top of the stack, which stays there.
    private static func close(_ lua: Lua) throws(LuaError) {
        let top = lua.top
        defer { lua.top = top }
        guard lua.pushMetafield(top, "__close") != .none else { return }
        lua.pushValue(top)
        lua.pushNil()
        try lua.call(arguments: 2, results: 0, traceback: true)
    }
}
