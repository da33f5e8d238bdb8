import Bindings
import LuaKit

/// A variable that does not exist, as a value in a table that a function of nssh is given: `ns.run{net = ture}`.
///
/// It is nil, and so its key is not in the table when the function runs: what was asked for would silently not happen, and a program would
/// run where it was not meant to. Only what was typed tells. It is refused before any of that runs, but only where it is certain: a variable
/// that may exist by then is none of these.
struct UndefinedValue {
    /// What stands before the variable's name in the message, and behind it.
    static let opening = " is '"
    static let reason = "', and no variable is called that"

    /// Throws where a chunk that Lua has accepted has one.
    static func refuse(in text: String, _ session: Session) throws(LuaError) {
        let source = Array(text.utf8)
        let given = GivenTables(Tokens(AngleBrackets.rewrite(source) ?? source).withoutComments)
        defer { session.namesAssigned.formUnion(given.assigned) }
        let lua = session.state.lua
        if given.values.allSatisfy({ GlobalNames.mayExist(lua, $0.name) }) { return }
        let top = lua.top
        defer { lua.top = top }
        let judge = UndefinedValue(given, session)
        for value in given.values {
            guard judge.isUndefined(value), let function = judge.function(value.chain), judge.isRead(value, function) else { continue }
            let line = source[..<value.offset].reduce(1) { $1 == 10 ? $0 + 1 : $0 }
            let hint = judge.hint(value, function)
            throw .message("stdin:\(line): \(function.name): \(value.path)\(opening)\(value.name)\(reason)\(hint)")
        }
    }

    /// Functions of Lua's that call nothing of the chunk's. (Whatever else is a global counts as the chunk's own.)
    private static let harmless: Set<String> = [
        "assert", "collectgarbage", "error", "getmetatable", "ipairs", "next", "pairs", "print", "rawequal", "rawget", "rawlen", "select",
        "tonumber", "tostring", "type", "warn",
    ]

    private let given: GivenTables
    private let session: Session
    private let resolver: Resolver

    private init(_ given: GivenTables, _ session: Session) {
        (self.given, self.session) = (given, session)
        resolver = Resolver(session.state.lua) { [locals = session.locals] in locals.push($0, $1) }
    }

    /// The function of nssh that an expression is; nil for anything else, and for what the chunk itself defines.
    private func function(_ chain: Chain) -> LuaFunction? {
        guard case .root(let name) = chain.first, !given.declared.contains(name), !given.assigned.contains(name) else { return nil }
        return resolver.function(chain)
    }

    /// Whether it is certain that no variable is called so when the table is made.
    private func isUndefined(_ value: GivenTables.Value) -> Bool {
        let name = value.name
        if given.namesEnvironment || given.declared.contains(name) || given.assigned.contains(name) { return false }
        if session.locals.names.contains(name) || session.namesAssigned.contains(name) { return false }
        if GlobalNames.mayExist(session.state.lua, name) { return false }
        // In a function that is called later.
        if value.functions.contains(where: { $0.flatMap(function) == nil }) { return false }
        // `if x then ns.run{uts = x} end`
        if given.references.contains(where: { $0.name == name && $0.offset < value.offset }) { return false }
        // Something that is called before may define it.
        return !given.calls.contains { $0.end < value.offset && !isHarmless($0.chain) }
    }

    /// Whether a call defines no variables, as far as one can know.
    private func isHarmless(_ chain: Chain?) -> Bool {
        guard let chain else { return false }
        if let function = function(chain) { return function.name != "ns.trace" }
        guard case .root(let name) = chain.first, !given.declared.contains(name), !given.assigned.contains(name) else { return false }
        let lua = session.state.lua
        let top = lua.top
        defer { lua.top = top }
        guard case .value(let index) = resolver.resolve(chain), lua.definition(index) == nil, let library = lua.libraryName(index) else {
            return false
        }
        if UndefinedValue.harmless.contains(library) { return true }
        let callsBack = ["string.gsub", "table.sort"].contains(library)
        return !callsBack && ["string.", "table.", "math.", "io.", "os.", "utf8."].contains { library.hasPrefix($0) }
    }

    /// Whether the table is one that the function reads: what follows its parameters is another function's.
    private func isRead(_ value: GivenTables.Value, _ function: LuaFunction) -> Bool {
        let parameters = function.isMethod ? function.parameters.count - 1 : function.parameters.count
        return value.argument < parameters
    }

    /// What was perhaps meant.
    private func hint(_ value: GivenTables.Value, _ function: LuaFunction) -> String {
        let expected = Expected(function, CallPlace(function: value.chain, argument: value.argument, path: value.steps.map(\.key)))
        if expected.strings.contains(value.name) { return "; did you mean \"\(value.name)\", in quotation marks?" }
        let names = ["true", "false"] + Names.globals(session)
        if let near = suggestion(for: value.name, among: names) {
            return ["true", "false"].contains(near) ? "; did you mean \(near)?" : "; did you mean '\(near)'?"
        }
        let takesText = expected.types.flatMap(\.alternatives).contains {
            switch $0 {
            case .string, .bytes, .suggested: true
            default: false
            }
        }
        return takesText ? "; a text stands in quotation marks: \"\(value.name)\"" : ""
    }
}
