import Bindings
import LuaKit
import Testing

@testable import Prompt

/// What can be written in a table of options is offered there, all of it.
@Suite struct CompletionKeyTests {
    private let session: LuaSession

    init() throws { session = try LuaSession() }

    /// The keys that are offered behind `text`.
    private func offered(_ text: String) -> [String] {
        let candidates = Completion(session.state.lua, Array(text.utf8)).candidates
        return candidates.filter { $0.suffix == " = " }.map(\.text).sorted()
    }

    /// Compares in a table of this type, which `text` opens, and in the tables in it; how many there were.
    private func compare(_ text: String, _ type: LuaType, depth: Int = 0) -> Int {
        let records = type.alternatives.compactMap { if case .record(let record) = $0 { record } else { nil } }
        if records.isEmpty || depth > 4 { return 0 }
        let fields = records.flatMap(\.fields)
        #expect(offered(text) == Array(Set(fields.map(\.name))).sorted(), "\(text)")
        return fields.reduce(1) { $0 + compare("\(text) \($1.name) = {", $1.type, depth: depth + 1) }
    }

    @Test func ofEveryRecord() {
        var count = 0
        for function in session.state.modules.flatMap(\.functions) {
            if let first = function.parameters.first { count += compare("\(function.name){", first.type) }
        }
        #expect(count > 10)
        session.run("p = ns.open('self', 'uts')")
        for method in NamedMethods.of(session.state, "p") {
            if let first = method.parameters.dropFirst().first { count += compare("p:\(method.shortName){", first.type) }
        }
        #expect(offered("ns.run{").contains("timeout"))
    }
}

/// The methods of the object that a global holds.
private enum NamedMethods {
    static func of(_ state: LuaState, _ name: String) -> [LuaFunction] {
        let lua = state.lua
        let top = lua.top
        defer { lua.top = top }
        lua.reserve(4)
        lua.pushGlobals()
        lua.rawGet(-1, name)
        return lua.anyObject(lua.top).map { type(of: $0).declaration.methods } ?? []
    }
}
