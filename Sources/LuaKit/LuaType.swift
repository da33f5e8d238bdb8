/// What a binding says of a value: checked on the way in, shown in help and in the generated references.
public indirect enum LuaType: Sendable {
    /// Any value, left in Lua.
    case any
    case boolean
    /// The value true and nothing else.
    case `true`
    case integer
    /// An integer or a float.
    case number
    /// A string that becomes one of C, as names and paths do: without a zero byte, which would cut it short.
    case string
    /// A string of any bytes.
    case bytes
    case function
    /// Any table, left in Lua.
    case table
    /// A Lua file.
    case file
    /// An object of a class, by its declared name.
    case object(String)
    /// One of these strings.
    case choice([String])
    /// Any string without a zero byte, but these are the ones to suggest.
    case suggested([String])
    /// Positions 1…n of one type.
    case list(LuaType)
    /// Named fields of one type.
    case map(LuaType)
    /// Integer keys, in any order and with holes, each with a value of one type. It is read as fields whose names are the numbers.
    case numbered(LuaType)
    /// Named fields, each declared.
    case record(LuaRecord)
    case either([LuaType])
    /// A type under a name of its own, explained once: `target`, `seconds`.
    case named(String, LuaType)
}

/// The declared fields of a table of options.
public final class LuaRecord: Sendable {
    /// The name that messages and references use: `ns.clone`.
    public let name: String
    /// The named fields.
    public let fields: [LuaField]
    /// The type of positions 1…n, when they mean something.
    public let positions: LuaField?

    /// Where to go with what does not belong here, for messages: `; a body is for ns.run`.
    public let elsewhere: String

    /// A record's declaration.
    public init(_ name: String, _ fields: [LuaField], positions: LuaField? = nil, elsewhere: String = "") {
        self.name = name
        self.elsewhere = elsewhere
        self.fields = fields
        self.positions = positions
    }
}

/// A declared field of a record, or a parameter.
public struct LuaField: Sendable {
    /// Its name.
    public let name: String
    /// The type of its values.
    public let type: LuaType
    /// Whether it may be left out.
    public let isOptional: Bool
    /// Whether nil in its place is an error, though it may be left out: what it leaves out would be done somewhere else, or with more power.
    public let refusesNil: Bool
    /// One line, without a full stop.
    public let summary: String

    /// A field's declaration.
    public init(_ name: String, _ type: LuaType, optional: Bool = true, refusesNil: Bool = false, _ summary: String) {
        self.name = name
        self.type = type
        isOptional = optional
        self.refusesNil = refusesNil
        self.summary = summary
    }
}

extension LuaType {
    /// The type in words, for messages.
    public var description: String {
        switch self {
        case .any: "any value"
        case .boolean: "boolean"
        case .true: "true"
        case .integer: "integer"
        case .number: "number"
        case .string, .bytes, .suggested: "string"
        case .function: "function"
        case .table, .record, .map, .numbered: "table"
        case .file: "file"
        case .object(let name): name
        case .choice(let names): names.map { "\"\($0)\"" }.joinedAsChoice()
        case .list(let type): "list of \(type.description)"
        case .either(let types): types.map(\.description).unique().joinedAsChoice()
        case .named(let name, _): name
        }
    }

    /// The type in LuaCATS notation, for the generated references.
    public var annotation: String {
        switch self {
        case .any: "any"
        case .boolean: "boolean"
        case .true: "true"
        case .integer: "integer"
        case .number: "number"
        case .string, .bytes: "string"
        case .suggested(let words): words.map { "\"\($0)\"|" }.joined() + "string"
        case .function: "function"
        case .table: "table"
        case .file: "file*"
        case .object(let name): "nssh.\(name)"
        case .choice(let names): names.map { "\"\($0)\"" }.joined(separator: "|")
        case .list(let type): "(\(type.annotation))[]"
        case .map(let type): "table<string, \(type.annotation)>"
        case .numbered(let type): "table<integer, \(type.annotation)>"
        case .record(let record): "nssh.\(record.name)"
        case .either(let types):
            // The suggested words end with string themselves.
            types.filter { if case .bytes = $0 { types.count == 1 } else { true } }.map(\.annotation).joined(separator: "|")
        case .named(let name, _): "nssh.\(name)"
        }
    }
}

extension [String] {
    /// Each once, in the order of the first.
    func unique() -> [String] {
        reduce(into: []) { found, word in if !found.contains(word) { found.append(word) } }
    }

    /// `a, b or c`.
    func joinedAsChoice() -> String {
        guard count > 1 else { return first ?? "" }
        return self[..<(count - 1)].joined(separator: ", ") + " or " + self[count - 1]
    }
}
