import CLinux
import CLua

/// An embedded Lua 5.4 with the standard library. It belongs to one thread.
///
/// No Lua error crosses a Swift frame: Swift functions throw `LuaError`, and the C frame above them raises it once they
/// have returned.
public final class LuaState {
    /// The main thread's `lua_State *`; nil once closed.
    public var raw: OpaquePointer? { main.raw }
    let main = MainThread()
    /// Whether the last finalizers run. Lua finalizes nothing that they make, so that an object is collected at once.
    private(set) var isClosing = false
    var functions: [LuaFunction] = []
    var metatables: [ObjectIdentifier: LuaReference] = [:]
    var methods: [String: LuaReference] = [:]
    /// The innermost `Lua.call(noting:)` that runs.
    var noting: Noting?
    /// The last error that came from another process, and its traceback there.
    var errorFromOutside: (value: LuaReference, traceback: String)?
    /// What is raised from now on has nothing to do with it: in a copy that has just begun.
    public func forgetErrorFromOutside() { errorFromOutside = nil }
    #if DEBUG
    var stackCheck: StackCheck?
    #endif
    /// Metatables of tables, by name. (An array: it is made at every start, and a dictionary costs more than all of them.)
    var tables: [TableClass] = []
    private var makers: [() -> LuaModule] = []
    /// The names of the modules registered.
    public private(set) var moduleNames: [String] = []
    /// The modules registered, for help and the generated references.
    public var modules: [LuaModule] { makers.map { $0() } }

    /// A new state with the standard libraries; nil when there is no memory.
    ///
    /// - Parameter ignoringEnvironment: LUA_PATH and LUA_CPATH count for nothing.
    public init?(ignoringEnvironment: Bool = false) {
        guard let raw = nssh_lua_new(dispatch, Unmanaged.passUnretained(self).toOpaque(), ignoringEnvironment) else { return nil }
        main.raw = raw
        #if DEBUG
        stackCheck = StackCheck(raw)
        #endif
        declareTable("error") { ($0.string("where") ?? "") + ($0.string("message", most: .max) ?? "error") }
    }

    deinit { close() }

    /// The main thread's stack.
    public var lua: Lua { Lua(raw!) }

    /// Closes the state: all objects are collected. lua_close.
    public func close() {
        guard let raw else { return }
        metatables = [:]
        methods = [:]
        tables = []
        errorFromOutside = nil
        isClosing = true
        let memory = nssh_lua_close(raw)
        // A signal handler may interrupt the state till its memory goes.
        main.raw = nil
        nssh_lua_release(memory)
    }

    /// Bytes in use by Lua values.
    public var memory: Int { nssh_lua_memory(raw) }

    /// The soft limit on `memory` in bytes, 0 for none.
    public func setMemoryLimit(_ bytes: Int) { nssh_lua_set_memory_limit(raw, bytes) }

    /// Turns the output of `warn` on or off.
    public func setWarnings(_ on: Bool) { nssh_lua_set_warnings(raw, on) }

    /// What the texts of `warn` go through before they are shown: a function of C strings whose result is from malloc.
    public static func setWarningEscape(_ escape: @convention(c) (UnsafePointer<CChar>?) -> UnsafeMutablePointer<CChar>?) {
        nssh_lua_set_escape(escape)
    }

    /// Stops the running code with the interrupt error; safe in a signal handler.
    public func interrupt() { if let raw { nssh_lua_interrupt(raw) } }
    /// Whether an interrupt is being raised.
    public var isInterrupted: Bool { raw.map { nssh_lua_interrupted($0) } ?? false }
    /// Pops the value that an interrupt raises.
    public func setInterruptValue(_ lua: Lua) { nssh_lua_set_interrupt_value(lua.raw) }
    /// Ends an interrupt: code runs again.
    public func clearInterrupt() { nssh_lua_clear_interrupt(raw) }

    // MARK: Bindings

    /// Pushes a binding as a Lua function.
    public func push(_ function: LuaFunction, _ lua: Lua) {
        let index: Int
        // A function's number is looked for where it was last: that may have been in another state.
        if functions.indices.contains(function.number), functions[function.number] === function {
            index = function.number
        } else {
            index = function.number < 0 ? functions.count : functions.firstIndex { $0 === function } ?? functions.count
            if index == functions.count { functions.append(function) }
            function.number = index
        }
        lua.reserve(2)
        lua.claim()
        nssh_lua_push_function(lua.raw, Int32(index))
    }

    /// Makes a module a global table that `require` knows too. Its declarations are made, and the table is filled, when
    /// something in it is first asked for: they are more work than the rest of a start.
    public func register(_ name: String, _ make: @escaping () -> LuaModule) {
        let lua = lua
        makers.append(make)
        moduleNames.append(name)
        lua.reserve(8)
        lua.pushGlobals()
        lua.pushTable()
        lua.pushTable(fields: 2)
        push(
            LuaFunction("__index", variadic: true, "") { call throws(LuaError) in
                LuaState.fill(call.lua, make())
                call.lua.top = 2
                lua_rawget(call.lua.raw, 1)
                call.lua.remove(1)
                return 1
            }, lua)
        lua.rawSet(-2, "__index")
        push(
            LuaFunction("__pairs", variadic: true, "") { call throws(LuaError) in
                LuaState.fill(call.lua, make())
                call.lua.top = 1
                call.lua.pushGlobals()
                call.lua.rawGet(-1, "next")
                call.lua.remove(-2)
                call.lua.insert(1)
                return 2
            }, lua)
        lua.rawSet(-2, "__pairs")
        lua.setMetatable(-2)
        if lua.rawGet(-2, "package") == .table {
            if lua.rawGet(-1, "loaded") == .table {
                lua.pushValue(-3)
                lua.rawSet(-2, name)
            }
            lua.pop()
        }
        lua.pop()
        lua.rawSet(-2, name)
        lua.pop()
    }

    /// Puts the functions of a module into its table, position 1, which is then a plain one.
    private static func fill(_ lua: Lua, _ module: LuaModule) {
        guard lua.kind(1) == .table else { return }
        lua.reserve(4)
        lua.pushNil()
        lua.setMetatable(1)
        for function in module.functions {
            // What a script has put there stays.
            let isFree = lua.rawGet(1, function.shortName) == .nil
            lua.pop()
            guard isFree else { continue }
            lua.state.push(function, lua)
            lua.rawSet(1, function.shortName)
        }
    }

    /// Sets `package.preload[name]` to a loader of this chunk.
    public func preload(_ name: String, _ function: LuaFunction) {
        let lua = lua
        lua.pushGlobals()
        lua.rawGet(-1, "package")
        lua.rawGet(-1, "preload")
        push(function, lua)
        lua.rawSet(-2, name)
        lua.pop(3)
    }

    /// The declaration of the function at `index`, when it is a binding.
    public func binding(_ lua: Lua, _ index: Int32) -> LuaFunction? {
        function(number: Int(nssh_lua_function_index(lua.raw, index)))
    }

    func function(number: Int) -> LuaFunction? { functions.indices.contains(number) ? functions[number] : nil }

    // MARK: Errors

    /// Declares a metatable for tables: its name, methods, and what `tostring` says of such a table. It is made at its first use, and
    /// stays with its tables when they go to another process.
    ///
    /// - Parameter text: gets any table whatever: with this metatable a script, or another process, can put anything.
    public func declareTable(_ name: String, methods: [LuaFunction] = [], text: @escaping (TableReader) -> String) {
        tables.append(TableClass(name: name, methods: methods, text: text))
    }

    /// The names of the declared metatables.
    public var tableNames: [String] { tables.map(\.name) }

    /// Pushes a declared metatable.
    public func pushMetatable(_ lua: Lua, named name: String) {
        guard let table = tables.first(where: { $0.name == name }) else { return lua.pushNil() }
        lua.reserve(6)
        table.push(lua)
    }

    /// Makes sure that all metatables that values can cross with exist.
    func prepareTransfer(_ lua: Lua) {
        for table in tables where table.reference == nil {
            lua.reserve(6)
            table.push(lua)
            lua.pop()
        }
    }
}

/// A `Lua.call(noting:)`: how deep the stack was, and the traceback of the error that it has ended with.
///
/// (No list of them: a copy of nssh would make that type anew for each function body.)
final class Noting {
    let depth: Int32
    var traceback: String?
    let outer: Noting?

    init(depth: Int32, outer: Noting?) { (self.depth, self.outer) = (depth, outer) }
}

/// A declared metatable for tables.
final class TableClass {
    let name: String
    private let text: (TableReader) -> String
    private let methods: [LuaFunction]
    private(set) var reference: LuaReference?

    init(name: String, methods: [LuaFunction], text: @escaping (TableReader) -> String) {
        self.name = name
        self.methods = methods
        self.text = text
    }

    /// `__tostring` is total: it gives a text for whatever it is called with.
    private var display: LuaFunction {
        LuaFunction("\(name).__tostring", variadic: true, "") { [name, text] call throws(LuaError) in
            let lua = call.lua
            let text = TableReader(lua, 1).map { table in lua.balanced("'\(name).__tostring'") { text(table) } }
            lua.push(text ?? "\(name): \(lua.typeName(1))")
            return 1
        }
    }

    func push(_ lua: Lua) {
        if reference == nil {
            lua.pushTable(fields: 3)
            lua.push(name)
            lua.rawSet(-2, "__name")
            lua.state.push(display, lua)
            lua.rawSet(-2, "__tostring")
            if !methods.isEmpty {
                lua.pushTable(fields: methods.count)
                for method in methods {
                    lua.state.push(method, lua)
                    lua.rawSet(-2, method.shortName)
                }
                lua.rawSet(-2, "__index")
            }
            reference = LuaReference(lua)
        }
        reference!.push(lua)
    }
}

/// A state's main thread, until it is closed. References hold this and not the state, which they may outlive: an error
/// that was caught, or what the state itself lets go of in its deinit.
final class MainThread {
    fileprivate(set) var raw: OpaquePointer?
}

/// C's way into Swift: never raises, returns what C is to do.
private func dispatch(_ raw: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ index: Int32) -> Int32 {
    let lua = Lua(raw!)
    let state = Unmanaged<LuaState>.fromOpaque(context!).takeUnretainedValue()
    #if DEBUG
    state.stackCheck?.enter(lua)
    defer { state.stackCheck?.leave() }
    #endif
    do throws(LuaError) {
        // debug.setupvalue can change the number.
        guard state.functions.indices.contains(Int(index)) else { throw .message("no such function") }
        return Int32(try state.functions[Int(index)].call(lua))
    } catch {
        // What the body left could take all the room.
        lua.top = 0
        lua.push(error)
        return Int32(NSSH_LUA_RAISE)
    }
}
