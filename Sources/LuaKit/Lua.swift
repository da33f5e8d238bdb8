import CLinux
import CLua

/// A view of one Lua thread's stack (a `lua_State *`), with the calls that never raise; what may raise is in
/// `Lua+Protected.swift`. Indices are Lua's: 1 is the first argument, -1 the top.
public struct Lua {
    /// The `lua_State *`.
    public let raw: OpaquePointer

    /// A view of `raw`.
    public init(_ raw: OpaquePointer) { self.raw = raw }

    /// The kinds of Lua values.
    public enum Kind: Int32, Sendable {
        case none = -1
        case `nil` = 0
        case boolean, lightUserdata, number, string, table, function, userdata, thread
    }

    /// The number of values on the stack, lua_gettop.
    public var top: Int32 {
        get { lua_gettop(raw) }
        nonmutating set {
            claim(newValue - lua_gettop(raw))
            lua_settop(raw, newValue)
        }
    }

    /// The kind of the value at `index`, lua_type.
    public func kind(_ index: Int32) -> Kind { Kind(rawValue: lua_type(raw, index)) ?? .none }

    /// The name of a value's type as error messages show it: an object's own name, or Lua's.
    public func typeName(_ index: Int32) -> String {
        if let object = anyObject(index) { return type(of: object).declaration.name }
        if kind(index) == .none { return "no value" }
        return String(cString: lua_typename(raw, lua_type(raw, index)))
    }

    /// Makes room for `count` more values; false when the stack cannot grow. lua_checkstack.
    @discardableResult public func reserve(_ count: Int32) -> Bool {
        guard lua_checkstack(raw, count) != 0 else { return false }
        grant(count)
        return true
    }

    /// Removes `count` values from the top.
    public func pop(_ count: Int32 = 1) { lua_settop(raw, -count - 1) }

    /// Moves the top value to `index`. lua_insert.
    public func insert(_ index: Int32) { lua_rotate(raw, index, 1) }

    /// Removes the value at `index`. lua_remove.
    public func remove(_ index: Int32) {
        lua_rotate(raw, index, -1)
        pop()
    }

    /// The absolute form of `index`. lua_absindex.
    public func absolute(_ index: Int32) -> Int32 { lua_absindex(raw, index) }

    // MARK: Pushing

    /// Pushes nil.
    public func pushNil() {
        claim()
        lua_pushnil(raw)
    }
    /// Pushes a boolean.
    public func push(_ value: Bool) {
        claim()
        lua_pushboolean(raw, value ? 1 : 0)
    }
    /// Pushes an integer.
    public func push(_ value: Int) {
        claim()
        lua_pushinteger(raw, lua_Integer(value))
    }
    /// Pushes a float.
    public func push(_ value: Double) {
        claim()
        lua_pushnumber(raw, value)
    }
    /// Pushes a string of any bytes.
    public func push(_ value: [UInt8]) {
        claim()
        value.withUnsafeBytes { _ = lua_pushlstring(raw, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) }
    }
    /// Pushes a string.
    public func push(_ value: String) {
        claim()
        var value = value
        value.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { _ = lua_pushlstring(raw, $0.baseAddress, $0.count) }
        }
    }
    /// Pushes a copy of the value at `index`.
    public func pushValue(_ index: Int32) {
        claim()
        lua_pushvalue(raw, index)
    }
    /// Pushes a new table with room for `array` and `fields` entries.
    public func pushTable(array: Int = 0, fields: Int = 0) {
        claim()
        lua_createtable(raw, Int32(clamping: array), Int32(clamping: fields))
    }

    // MARK: Reading

    /// The boolean meaning of the value at `index`.
    public func boolean(_ index: Int32) -> Bool { lua_toboolean(raw, index) != 0 }

    /// The integer at `index` (a float with an integral value counts, a string does not).
    public func integer(_ index: Int32) -> Int? {
        guard kind(index) == .number else { return nil }
        var isInteger: Int32 = 0
        let value = lua_tointegerx(raw, index, &isInteger)
        return isInteger == 0 ? nil : Int(value)
    }

    /// The number at `index`; a string does not count.
    public func number(_ index: Int32) -> Double? { kind(index) == .number ? lua_tonumberx(raw, index, nil) : nil }

    /// Whether the number at `index` has the integer representation. lua_isinteger.
    public func isInteger(_ index: Int32) -> Bool { lua_isinteger(raw, index) != 0 }

    /// The bytes of the string at `index`; a number does not count.
    public func bytes(_ index: Int32) -> [UInt8]? {
        guard kind(index) == .string else { return nil }
        var count = 0
        guard let start = lua_tolstring(raw, index, &count) else { return nil }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }

    /// The string at `index`, with bytes that are not UTF-8 replaced; a number does not count.
    public func string(_ index: Int32) -> String? { bytes(index).map { String(decoding: $0, as: UTF8.self) } }

    /// The length of a string, table or userdata without metamethods. A table's is some border of it, which may be as large as an
    /// integer can be: what goes through its positions needs a bound. lua_rawlen.
    public func rawLength(_ index: Int32) -> Int { Int(clamping: lua_rawlen(raw, index)) }

    // MARK: Tables without metamethods

    /// Pushes `table[name]`.
    @discardableResult public func rawGet(_ table: Int32, _ name: String) -> Kind {
        let table = absolute(table)
        push(name)
        return Kind(rawValue: lua_rawget(raw, table)) ?? .none
    }

    /// Pushes `table[position]`.
    @discardableResult public func rawGet(_ table: Int32, _ position: Int) -> Kind {
        claim()
        return Kind(rawValue: lua_rawgeti(raw, table, lua_Integer(position))) ?? .none
    }

    /// Pops a value: `table[name] = value`.
    public func rawSet(_ table: Int32, _ name: String) {
        let table = absolute(table)
        push(name)
        insert(-2)
        lua_rawset(raw, table)
    }

    /// The same of a name of any bytes.
    public func rawSet(_ table: Int32, _ name: [UInt8]) {
        let table = absolute(table)
        push(name)
        insert(-2)
        lua_rawset(raw, table)
    }

    /// Pops a value: `table[position] = value`.
    public func rawSet(_ table: Int32, _ position: Int) { lua_rawseti(raw, table, lua_Integer(position)) }

    /// Pushes the table of globals.
    public func pushGlobals() {
        claim()
        lua_rawgeti(raw, Lua.registry, lua_Integer(LUA_RIDX_GLOBALS))
    }

    /// LUA_REGISTRYINDEX.
    static var registry: Int32 { nssh_lua_registryindex() }

    /// The state this thread belongs to.
    public var state: LuaState { Unmanaged<LuaState>.fromOpaque(nssh_lua_context(raw)).takeUnretainedValue() }
}

extension Lua {
    /// Pops a table: it becomes the metatable of the value at `index`.
    public func setMetatable(_ index: Int32) { lua_setmetatable(raw, index) }

    /// Pushes a list; `body` pushes one value for an element.
    public func push<Element>(list: [Element], _ body: (Element) -> Void) {
        reserve(8)
        pushTable(array: list.count)
        for (position, element) in list.enumerated() {
            body(element)
            rawSet(-2, position + 1)
        }
    }

    /// Pushes a list of strings.
    public func push(_ list: [String]) { push(list: list) { push($0) } }

    /// Pushes a table of strings of any bytes.
    public func push(_ list: [[UInt8]]) { push(list: list) { push($0) } }

    /// Pushes a table of named scalars.
    public func push(_ fields: [(name: String, value: LuaScalar?)]) {
        reserve(3)
        pushTable(fields: fields.count)
        for field in fields {
            guard let value = field.value else { continue }
            push(value)
            rawSet(-2, field.name)
        }
    }
}
