import LuaKit

/// What the declaration of a binding wants at a place in its call.
struct Expected {
    let function: LuaFunction
    /// The parameter; nil behind the last.
    private(set) var parameter: LuaField?
    /// The option whose value stands here, if any.
    private(set) var option: LuaField?
    /// The names that can start an entry here.
    private(set) var keys: [LuaField] = []
    /// The types that the value here may be of.
    private(set) var types: [LuaType] = []

    init(_ function: LuaFunction, _ place: CallPlace) {
        self.function = function
        let parameters = function.isMethod ? Array(function.parameters.dropFirst()) : function.parameters
        guard parameters.indices.contains(place.argument) else { return }
        let field = parameters[place.argument]
        parameter = field
        types = [field.type]
        for key in place.path {
            let records = types.flatMap(\.records).filter { record in types.contains { $0.has(record) } }
            if let key {
                option = records.lazy.compactMap { $0.fields.first { $0.name == key } }.first
                types =
                    option.map { [$0.type] }
                    ?? types.flatMap(\.alternatives).compactMap { if case .map(let type) = $0 { type } else { nil } }
            } else {
                types = Expected.positions(types, records)
            }
        }
        guard place.isEntry else { return }
        let records = types.flatMap(\.records).filter { record in types.contains { $0.has(record) } }
        keys = records.flatMap(\.fields).filter { !place.given.contains($0.name) }
        types = Expected.positions(types, records)
        option = nil
    }

    private static func positions(_ types: [LuaType], _ records: [LuaRecord]) -> [LuaType] {
        records.compactMap { $0.positions?.type }
            + types.flatMap(\.alternatives).compactMap { if case .list(let type) = $0 { type } else { nil } }
    }

    /// Whether a process or namespace can be named by a number here.
    var wantsTarget: Bool {
        types.contains { type in
            if type.has(named: "target") { return true }
            let alternatives = type.alternatives
            return alternatives.contains { if case .object("process") = $0 { true } else { false } }
                && alternatives.contains { if case .integer = $0 { true } else { false } }
        }
    }

    /// The strings to choose from.
    var strings: [String] {
        var found: [String] = []
        for type in types.flatMap(\.alternatives) {
            switch type {
            case .choice(let words), .suggested(let words): found += words.filter { !found.contains($0) }
            default: break
            }
        }
        return found
    }

    /// The classes whose objects fit.
    var classes: [String] {
        types.flatMap(\.alternatives).compactMap { if case .object(let name) = $0 { name } else { nil } }
    }

    /// Whether true fits, and false.
    var booleans: [String] {
        for type in types.flatMap(\.alternatives) {
            if case .boolean = type { return ["true", "false"] }
            if case .true = type { return ["true"] }
        }
        return []
    }

    func wants(_ name: String) -> Bool { types.contains { $0.has(named: name) } }

    /// A function can stand here, so that one is named and not called.
    var wantsFunction: Bool {
        types.flatMap(\.alternatives).contains {
            switch $0 {
            case .function, .any: true
            default: false
            }
        }
    }
}

extension LuaType {
    /// Whether a table of these options is itself a value of the type, not one deeper in it.
    func has(_ record: LuaRecord) -> Bool {
        alternatives.contains { if case .record(let own) = $0 { own === record } else { false } }
    }
}
