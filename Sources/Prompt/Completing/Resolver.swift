import Bindings
import LuaKit

/// What an expression is known to be, without running any of it.
enum Known {
    /// A value, at this position of the stack.
    case value(Int32)
    /// A binding.
    case function(LuaFunction)
    /// Some object of a class.
    case object(LuaClass)
    /// `ns` and the like: its table is filled when it is first used.
    case module(LuaModule, Int32)
    /// Some value of a declared type.
    case type(LuaType)
}

/// Follows expressions through tables, by raw access, and through declarations. No metamethod and no function is called; what it
/// finds stays on the stack.
struct Resolver {
    let lua: Lua
    /// Pushes the value of a local that the prompt keeps, and tells whether there is one.
    let pushLocal: (Lua, String) -> Bool
    private let modules: [(module: LuaModule, table: Int32)]

    init(_ lua: Lua, pushLocal: @escaping (Lua, String) -> Bool) {
        self.lua = lua
        self.pushLocal = pushLocal
        lua.reserve(100)
        modules = lua.state.modules.compactMap { lua.pushLoaded($0.name) == .table ? ($0, lua.top) : nil }
    }

    func resolve(_ chain: Chain) -> Known? {
        var known: Known?
        let links = chain.prefix(40)
        // A link leaves up to three values; what makes more, makes the room too.
        guard lua.reserve(Int32(3 * links.count) + 20) else { return nil }
        for link in links {
            switch link {
            case .root(let name): known = variable(name)
            case .field(let name), .method(let name): known = known.flatMap { member(name, of: $0) }
            case .position(let position): known = known.flatMap { element(position, of: $0) }
            case .call: known = known.flatMap(result)
            }
            if known == nil { return nil }
        }
        return known
    }

    /// The binding that a chain leads to.
    func function(_ chain: Chain) -> LuaFunction? {
        let top = lua.top
        defer { lua.top = top }
        return switch resolve(chain) {
        case .function(let function): function
        case .value(let index): lua.state.binding(lua, index)
        default: nil
        }
    }

    private func variable(_ name: String) -> Known? {
        if pushLocal(lua, name) { return top }
        lua.pushGlobals()
        return lua.rawGet(-1, name) == .nil ? nil : top
    }

    /// The value on top of the stack.
    private var top: Known {
        if lua.kind(-1) == .table, let known = modules.first(where: { lua.rawEquals($0.table, -1) }) {
            return .module(known.module, lua.top)
        }
        return .value(lua.top)
    }

    private func member(_ name: String, of known: Known) -> Known? {
        switch known {
        case .module(let module, let table):
            if lua.rawGet(table, name) != .nil { return top }
            return module.functions.first { $0.shortName == name }.map { .function($0) }
        case .object(let declaration):
            if let method = declaration.methods.first(where: { $0.shortName == name }) { return .function(method) }
            return declaration.properties.first { $0.name == name }.flatMap { self.known(of: $0.type) }
        case .value(let index):
            if let object = lua.anyObject(index) { return member(name, of: .object(type(of: object).declaration)) }
            for table in tables(of: index) where lua.rawGet(table, name) != .nil { return top }
            return nil
        case .type, .function: return nil
        }
    }

    /// The tables in which a value's fields are looked for: itself, and what its `__index` leads to as long as that is a table.
    func tables(of index: Int32) -> [Int32] {
        var found: [Int32] = []
        var index = index
        lua.reserve(30)
        while found.count < 10 {
            if lua.kind(index) == .table { found.append(index) }
            guard lua.pushMetafield(index, "__index") == .table, !found.contains(where: { lua.rawEquals($0, -1) }) else { break }
            index = lua.top
        }
        return found
    }

    private func element(_ position: Int, of known: Known) -> Known? {
        switch known {
        case .value(let index) where lua.kind(index) == .table: return lua.rawGet(index, position) == .nil ? nil : top
        case .type(let type):
            for case .list(let element) in type.alternatives { return self.known(of: element) }
            return nil
        default: return nil
        }
    }

    private func result(of known: Known) -> Known? {
        switch known {
        case .function(let function): function.results.first.flatMap { self.known(of: $0.type) }
        case .value(let index): lua.state.binding(lua, index).flatMap { result(of: .function($0)) }
        default: nil
        }
    }

    private func known(of type: LuaType) -> Known? {
        for type in type.alternatives {
            switch type {
            case .object(let name):
                if let declaration = Help.classes.first(where: { $0.name == name }) { return .object(declaration) }
            case .string, .bytes, .choice, .suggested:
                if lua.pushLoaded("string") == .table { return .value(lua.top) }
            case .file:
                if lua.pushLoaded("io") == .table, lua.rawGet(-1, "stdout") == .userdata { return .value(lua.top) }
            default: break
            }
        }
        return .type(type)
    }
}

extension LuaType {
    /// The types that a value may be of, without the names of types.
    var alternatives: [LuaType] {
        switch self {
        case .either(let types): types.flatMap(\.alternatives)
        case .named(_, let type): type.alternatives
        default: [self]
        }
    }

    /// Whether a type of this name is among them.
    func has(named wanted: String) -> Bool {
        switch self {
        case .either(let types): types.contains { $0.has(named: wanted) }
        case .named(let name, let type): name == wanted || type.has(named: wanted)
        default: false
        }
    }
}
