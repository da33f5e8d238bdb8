import CLua

/// An argument as Swift sees it, read by its declared type.
public enum LuaValue {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string([UInt8])
    case table(LuaTable)
    case object(LuaObject)
    /// A value that stays in Lua: its absolute position on the stack of the call.
    case other(Int32)

    /// Whether nothing was given.
    public var isNone: Bool { if case .none = self { true } else { false } }
    /// The boolean, or nil.
    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    /// The integer, or nil.
    public var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    /// The number, an integer too, or nil.
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
    /// The string's bytes, or nil.
    public var bytes: [UInt8]? { if case .string(let value) = self { value } else { nil } }
    /// The string, with bytes that are not UTF-8 replaced, or nil.
    public var string: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
    /// The table, or nil.
    public var table: LuaTable? { if case .table(let value) = self { value } else { nil } }
    /// The stack position of a value that stays in Lua, or nil.
    public var position: Int32? { if case .other(let value) = self { value } else { nil } }
    /// The object when it is of this class, or nil.
    public func object<T: LuaObject>(_: T.Type = T.self) -> T? { if case .object(let value) = self { value as? T } else { nil } }
}

/// A table read by its declared type: positions 1…n and named fields.
public struct LuaTable {
    /// Positions 1…n.
    public var list: [LuaValue] = []
    /// Named fields; the names may be any bytes.
    public var fields: [(name: [UInt8], value: LuaValue)] = []

    /// An empty table.
    public init() {}

    /// The field `name`; `.none` when it is absent.
    public subscript(_ name: String) -> LuaValue {
        for field in fields where field.name.elementsEqual(name.utf8) { return field.value }
        return .none
    }
}
