import CLinux
import CLua

/// An error on its way into Lua or out of it.
public enum LuaError: Error {
    /// A text; the place of the Lua code that called is put before it, as `error` does.
    case message(String)
    /// A table of named fields with a `message`, for errors that scripts look into.
    case fields(message: String, [(name: String, value: LuaScalar)])
    /// A value that Lua code raised.
    case value(LuaReference)
    /// What ^C raises.
    case interrupted

    /// An error about one argument, in the words of luaL_argerror.
    public static func argument(_ position: Int, of function: String, _ problem: String) -> LuaError {
        .message("bad argument #\(position) to '\(function)' (\(problem))")
    }
}

/// A value without parts.
public enum LuaScalar: Equatable, Sendable {
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    /// A string of any bytes.
    case bytes([UInt8])
}

extension Lua {
    /// Pushes a scalar.
    public func push(_ value: LuaScalar) {
        switch value {
        case .boolean(let value): push(value)
        case .integer(let value): push(value)
        case .number(let value): push(value)
        case .string(let value): push(value)
        case .bytes(let value): push(value)
        }
    }

    /// Pushes the Lua value of `error`, as `pcall` will see it.
    public func push(_ error: LuaError) {
        reserve(6)
        switch error {
        case .message(let text):
            push(place(level: 1) + text)
        case .fields(let message, let fields):
            pushTable(fields: fields.count + 2)
            for field in fields {
                push(field.value)
                rawSet(-2, field.name)
            }
            push(message)
            rawSet(-2, "message")
            let place = place(level: 1)
            if !place.isEmpty {
                push(place)
                rawSet(-2, "where")
            }
            state.pushMetatable(self, named: "error")
            lua_setmetatable(raw, -2)
        case .value(let reference):
            reference.push(self)
        case .interrupted:
            claim()
            nssh_lua_push_interrupt_value(raw)
        }
    }

    /// `source:line: ` of the function at `level`, or nothing. luaL_where.
    public func place(level: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            let count = nssh_lua_where(raw, level, buffer.baseAddress, buffer.count)
            return count == 0 ? "" : String(cString: buffer.baseAddress!) + " "
        }
    }
}

/// Keeps a Lua value alive from Swift. luaL_ref. (Errors must be Sendable; the program has one thread.)
public final class LuaReference: @unchecked Sendable {
    private let main: MainThread
    private let reference: Int32

    /// Pops the value on top of the stack.
    public init(_ lua: Lua) {
        main = lua.state.main
        // luaL_ref pushes two.
        lua.reserve(2)
        reference = luaL_ref(lua.raw, Lua.registry)
    }

    deinit { if let main = main.raw { luaL_unref(main, Lua.registry, reference) } }

    /// Runs `body` with the value on top of the main thread's stack, unless the state is closed.
    public func withValue(_ body: (Lua) -> Void) {
        guard let raw = main.raw else { return }
        let lua = Lua(raw)
        push(lua)
        lua.balanced("what looks at a value") { body(lua) }
        lua.pop()
    }

    /// Pushes the value.
    public func push(_ lua: Lua) {
        lua.reserve(1)
        lua.claim()
        lua_rawgeti(lua.raw, Lua.registry, lua_Integer(reference))
    }
}
