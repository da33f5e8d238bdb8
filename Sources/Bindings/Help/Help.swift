import CLinux
import Glibc
import Linux
import LuaKit

/// `help`: what the declarations say, for reading on a terminal.
public enum Help {
    /// The global function.
    nonisolated(unsafe) public static let function = LuaFunction(
        "help",
        [
            LuaField(
                "what", .either([.named("topic", .string), .any]),
                "a function, an object, a module, or a name of something; an overview if not given")
        ],
        "Explains a function, an object, a module, a namespace type, an option; or finds a word in what is explained",
        details: "A name that nothing has is looked for in all explanations.",
        example: "help(ns.clone)\nhelp \"uts\"\nhelp \"hostname\""
    ) { call throws(LuaError) in
        writeOut(try text(call.lua, columns: columns) + "\n")
        return 0
    }

    /// The classes whose objects scripts meet.
    public static var classes: [LuaClass] {
        [
            ProcessObject.declaration, HandleObject.declaration, WeakObject.declaration, SocketObject.declaration, LedgerObject.declaration,
            SnapshotObject.declaration, WatchObject.declaration,
        ]
    }

    /// The functions that belong to no module and no class.
    static var others: [LuaFunction] { [ResultTable.check, function] }

    /// What is known of a name, as `help "name"` prints it; nil when nothing is. `ns.clone`, `clone`, `process:run`, `process`, `uts`,
    /// `propagation`; any other word is looked for in all texts.
    public static func text(for name: String, in state: LuaState, columns: Int = Help.columns) -> String? {
        HelpTopics(state, HelpText(columns: columns)).text(for: name)
    }

    /// The example of a binding, to be run as it stands; nil when the name is none. For the prompt's `:example`.
    public static func example(for name: String, in state: LuaState) -> String? {
        HelpTopics(state, HelpText(columns: columns)).functions(called: name).first { !$0.example.isEmpty }?.example
    }

    /// The names that `help "name"` knows.
    public static func names(in state: LuaState) -> [String] { HelpTopics(state, HelpText(columns: columns)).names }

    /// The columns that help is written for: those of the terminal, but lines of more than 100 are hard to read.
    public static var columns: Int { min(Terminal.columns(1) ?? 80, 100) }

    private static func text(_ lua: Lua, columns: Int) throws(LuaError) -> String {
        let state = lua.state
        let print = HelpText(columns: columns)
        let topics = HelpTopics(state, print)
        switch lua.kind(1) {
        case .none, .nil: return print.overview(state.modules, classes)
        case .string:
            let name = lua.string(1) ?? ""
            if let text = topics.text(for: name) { return text }
            throw .message("help: nothing is called '\(name.prefix(60))', and no text has it\(didYouMean(name, among: topics.names))")
        default: break
        }
        if let function = state.binding(lua, 1) { return print.describe(function) }
        if let object = lua.anyObject(1) { return print.describe(type(of: object).declaration) }
        for module in state.modules where lua.pushLoaded(module.name) != .none {
            defer { lua.pop() }
            if lua.rawEquals(1, -1) { return print.describe(module) }
        }
        if let place = lua.definition(1) { return "A Lua function, defined at \(place.source):\(place.line)." }
        if let name = lua.libraryName(1) { return "\(name), of standard Lua: https://www.lua.org/manual/5.4/manual.html#pdf-\(name)" }
        if lua.pushMetafield(1, "__name") == .string, let text = lua.string(-1).flatMap(topics.text(for:)) { return text }
        throw .argument(1, of: "help", "nothing is known of a \(lua.typeName(1)) like this")
    }
}

/// Writes to standard output through C's buffer, as Lua's own print does, so that the order is kept.
public func writeOut(_ text: String) {
    var text = text
    text.withUTF8 { nssh_write_out($0.baseAddress, $0.count) }
}
