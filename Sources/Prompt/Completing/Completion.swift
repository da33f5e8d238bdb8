import Bindings
import Linux
import LuaKit

/// What could stand where the cursor is. Nothing of the user's runs for it.
struct Completion {
    /// Where what was typed starts, in bytes of the text.
    private(set) var start: Int
    private(set) var candidates: [Candidate] = []
    /// What is called there, and what it wants.
    private(set) var signature: Signature?
    /// What was left out, in words.
    var left: String?

    /// Candidates that are numbers: they come last, and are in order already.
    private var numbers: [Candidate] = []
    private let context: CompletionContext
    private let resolver: Resolver
    private let sources: CompletionSources

    /// Completes the end of `text`; `pending` are the lines of the chunk before it. Looking for no more than the signature is quick enough
    /// for every key.
    init(
        _ lua: Lua, _ text: [UInt8], pending: [UInt8] = [], sources: CompletionSources = CompletionSources(), onlySignature: Bool = false
    ) {
        let top = lua.top
        defer { lua.top = top }
        self.sources = sources
        resolver = Resolver(lua, pushLocal: sources.pushLocal)
        let lead = pending.isEmpty ? Lead(text) : nil
        let skipped = lead?.expressionStart(sources.commands) ?? 0
        context = CompletionContext(pending + text[skipped...])
        start = max(context.start - pending.count + skipped, 0)
        if !onlySignature, let lead, complete(lead) { return }
        let expected = context.place.flatMap { place in resolver.function(place.function).map { Expected($0, place) } }
        if let expected, let place = context.place { signature = Signature(expected, place) }
        if onlySignature { return }
        switch context.subject {
        case .nothing: break
        case .field(let chain): members(of: chain, isMethod: false)
        case .method(let chain): members(of: chain, isMethod: true)
        case .string: strings(expected)
        case .number: if context.place?.isStart == true, expected?.wantsTarget == true { pids() }
        case .name: names(expected)
        }
        candidates.sort { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
        candidates += numbers
    }

    /// Adds a candidate if it goes on from what was typed.
    mutating func add(_ text: String, suffix: String = "", label: (() -> String)? = nil) {
        guard text.utf8.starts(with: context.word.utf8), !candidates.contains(where: { $0.text == text }) else { return }
        candidates.append(Candidate(text, suffix: suffix, label: label))
    }

    // MARK: Lines that are no Lua

    /// `:command`, `!program`, `?topic`; false when the rest of it is Lua after all.
    private mutating func complete(_ lead: Lead) -> Bool {
        start = lead.start
        let word = lead.word
        func keep(_ names: [String], suffix: String) -> [Candidate] {
            names.filter { $0.utf8.starts(with: word.utf8) }.map { Candidate($0, suffix: suffix) }
        }
        switch lead.kind(sources.commands) {
        case .command:
            candidates = keep(sources.commands.map(\.name), suffix: " ")
        case .program: candidates = Files.programs(word)
        case .path: candidates = Files.paths(word, suffix: " ")
        case .demonstration:
            candidates = keep(BundledScript.all.filter { $0.moduleName == nil }.map { String($0.name.dropLast(4)) }, suffix: "")
        case .topic: candidates = keep(Help.names(in: resolver.lua.state), suffix: "")
        case .none: break
        case .expression:
            start = context.start + (lead.expressionStart(sources.commands) ?? 0)
            return false
        }
        candidates.sort { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }
        return true
    }

    // MARK: Names

    private mutating func names(_ expected: Expected?) {
        let isEmpty = context.word.isEmpty
        if let expected, let place = context.place, place.isStart {
            for key in expected.keys { add(key.name, suffix: " = ", label: { "\(key.name)=" }) }
            for word in expected.booleans { add(word) }
            for word in expected.strings { add("\"\(word)\"") }
            if expected.wantsTarget { add("\"self\"") }
            objects(expected.classes)
            if isEmpty, expected.wantsTarget, place.path.isEmpty { pids() }
            // What is asked for says enough; but anything can be written there.
            if !candidates.isEmpty || !numbers.isEmpty { return }
        }
        for name in sources.localNames() { variable(name) }
        let lua = resolver.lua
        lua.pushGlobals()
        for name in keys(of: lua.top) { variable(name) }
        if !isEmpty { for word in Tokens.words { add(word) } }
    }

    private mutating func variable(_ name: String) {
        guard name.utf8.starts(with: context.word.utf8) else { return }
        add(name, suffix: resolver.resolve([.root(name)]).map(suffix) ?? "")
    }

    /// Variables that hold an object of one of these classes.
    private mutating func objects(_ classes: [String]) {
        guard !classes.isEmpty else { return }
        let lua = resolver.lua
        lua.pushGlobals()
        for name in sources.localNames() + keys(of: lua.top) where name.utf8.starts(with: context.word.utf8) {
            guard case .value(let index) = resolver.resolve([.root(name)]), let object = lua.anyObject(index) else { continue }
            if classes.contains(type(of: object).declaration.name) { add(name) }
        }
    }

    // MARK: Members

    private mutating func members(of chain: Chain, isMethod: Bool) {
        guard let known = resolver.resolve(chain) else { return }
        let lua = resolver.lua
        let isKey = context.isKey
        switch known {
        case .module(let module, let table):
            for function in module.functions { add(function.shortName, suffix: suffix(of: .function(function))) }
            for name in keys(of: table) { add(name) }
        case .object(let declaration): members(of: declaration, isMethod)
        case .value(let index):
            if let object = lua.anyObject(index) {
                members(of: type(of: object).declaration, isMethod)
                break
            }
            for table in resolver.tables(of: index) {
                for name in keys(of: table, all: isKey) {
                    let kind = lua.rawGet(table, name)
                    if !isMethod || kind == .function { add(name, suffix: isKey ? "\(context.quote)]" : suffix(of: .value(lua.top))) }
                    lua.pop()
                }
            }
        case .function, .type: break
        }
    }

    private mutating func members(of declaration: LuaClass, _ isMethod: Bool) {
        for method in declaration.methods { add(method.shortName, suffix: suffix(of: .function(method))) }
        if !isMethod { for property in declaration.properties { add(property.name) } }
    }

    /// What follows a name: the bracket of a call; the dot of a module.
    private func suffix(of known: Known) -> String {
        // As an argument, a function is named and not called: help(ns.clone).
        if let place = context.place, let function = resolver.function(place.function), Expected(function, place).wantsFunction {
            return ""
        }
        switch known {
        case .module: return "."
        case .function(let function):
            let parameters = function.isMethod ? function.parameters.dropFirst() : function.parameters[...]
            if parameters.isEmpty, !function.isVariadic { return "()" }
            if parameters.count == 1, !function.isVariadic, case .record = parameters.first!.type { return "{" }
            return "("
        case .value(let index):
            let lua = resolver.lua
            if let function = lua.state.binding(lua, index) { return suffix(of: .function(function)) }
            if lua.kind(index) == .function { return "(" }
            let isLibrary = ["string", "table", "math", "io", "os", "coroutine", "utf8", "debug", "package"].contains { name in
                guard lua.pushLoaded(name) != .none else { return false }
                defer { lua.pop() }
                return lua.rawEquals(-1, index)
            }
            return isLibrary ? "." : ""
        default: return ""
        }
    }

    /// The string keys of a table that go on from what was typed; only names unless `all`. Of a large table only so many are looked at.
    private mutating func keys(of table: Int32, all: Bool = false) -> [String] {
        let lua = resolver.lua
        guard lua.kind(table) == .table, lua.reserve(8) else { return [] }
        let word = Array(context.word.utf8)
        var names: [String] = []
        var budget = 20_000
        lua.pushNil()
        while (try? lua.next(table)) == true {
            if lua.kind(-2) == .string {
                let bytes = lua.prefix(-2, 200)
                if bytes.starts(with: word) {
                    let name = String(decoding: bytes, as: UTF8.self)
                    if all ? TextEscape.escape(bytes) == name : Quoting.isName(name) { names.append(name) }
                }
            }
            lua.pop()
            budget -= 1
            if budget == 0 || names.count > 2000 {
                left = "… and perhaps more"
                lua.pop()
                break
            }
        }
        return names
    }

    // MARK: Strings and numbers

    private mutating func strings(_ expected: Expected?) {
        let quote = context.quote
        if let expected, expected.wants("topic") {
            for name in Help.names(in: resolver.lua.state) { add(name, suffix: quote) }
            return
        }
        let strings = expected?.strings ?? []
        for word in strings { add(word, suffix: quote) }
        if expected?.wants("target") == true { add("self", suffix: quote) }
        if !strings.isEmpty, !context.word.contains("/") { return }
        if context.place?.function == [.root("require")] {
            candidates = Modules.named(context.word, resolver.lua, suffix: quote)
        } else if candidates.isEmpty || context.word.contains("/") {
            candidates += Files.paths(context.word, suffix: quote)
        }
    }

    private mutating func pids() { numbers = Pids.starting(with: context.word) }
}

extension CompletionContext {
    /// In `t["`, where any string can be a key.
    var isKey: Bool { quote != "" }
}

/// What completion asks the prompt for.
struct CompletionSources {
    /// The commands, `:name`.
    var commands: [PromptCommand] = []
    /// The names of the locals that the prompt keeps.
    var localNames: () -> [String] = { [] }
    /// Pushes the value of one, and tells whether there is one.
    var pushLocal: (Lua, String) -> Bool = { _, _ in false }
}
