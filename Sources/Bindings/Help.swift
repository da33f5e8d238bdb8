import CLinux
import LuaKit

/// `help`: what the declarations say, and the same as tables for the generated references (`require "nssh.reference"`).
public enum Help {
    /// The global function.
    nonisolated(unsafe) public static let function = LuaFunction(
        "help", [LuaField("what", .any, "a function, an object or a name; an overview if not given")],
        "Explains a function, an object or a name",
        example: "help(ns.clone)"
    ) { call throws(LuaError) in
        let lua = call.lua
        writeOut(try text(lua) + "\n")
        return 0
    }

    private static func text(_ lua: Lua) throws(LuaError) -> String {
        let state = lua.state
        if lua.kind(1) == .none || lua.kind(1) == .nil { return overview(state) }
        if let function = state.binding(lua, 1) { return describe(function) }
        if let object = lua.anyObject(1) { return describe(type(of: object).declaration) }
        if lua.kind(1) == .table {
            for module in state.modules {
                lua.pushGlobals()
                lua.rawGet(-1, module.name)
                defer { lua.pop(2) }
                if (try? lua.equals(1, -1)) == true { return describe(module) }
            }
        }
        guard let name = lua.string(1) else { throw .argument(1, of: "help", "nothing is known of a \(lua.typeName(1)) like this") }
        for module in state.modules where module.name == name { return describe(module) }
        for declaration in classes where declaration.name == name { return describe(declaration) }
        let all = state.modules.flatMap(\.functions) + classes.flatMap(\.methods)
        let wanted = all.filter { $0.name == name || $0.shortName == name }
        if !wanted.isEmpty { return wanted.map(describe).joined(separator: "\n\n") }
        throw .message("help: nothing is called '\(name)'\(didYouMean(name, among: all.flatMap { [$0.name, $0.shortName] }))")
    }

    /// The classes whose objects scripts meet.
    public static var classes: [LuaClass] {
        [
            ProcessObject.declaration, HandleObject.declaration, WeakObject.declaration, SocketObject.declaration, LedgerObject.declaration,
        ]
    }

    private static func overview(_ state: LuaState) -> String {
        var text = "Standard Lua 5.4, and:\n"
        for module in state.modules { text += "\n\(module.name)  \(module.summary)\n" + list(module.functions) }
        for declaration in classes { text += "\n\(declaration.name)  \(declaration.summary)\n" + list(declaration.methods) }
        return text + "\nhelp(ns.clone) or help \"clone\" tells more."
    }

    private static func list(_ functions: [LuaFunction]) -> String {
        functions.map { "  \($0.signature)\n      \($0.summary)\n" }.joined()
    }

    private static func describe(_ module: LuaModule) -> String { "\(module.name)  \(module.summary)\n" + list(module.functions) }

    private static func describe(_ declaration: LuaClass) -> String {
        var text = "\(declaration.name)  \(declaration.summary)\n"
        for property in declaration.properties { text += "  .\(property.name)  \(property.summary)\n" }
        return text + list(declaration.methods)
    }

    private static func describe(_ function: LuaFunction) -> String {
        var text = "\(function.signature)\n  \(function.summary)\n"
        if !function.details.isEmpty { text += "  \(function.details)\n" }
        for parameter in function.parameters where parameter.name != "self" {
            text += "\n  \(parameter.name): \(parameter.type.description)\(parameter.isOptional ? " (optional)" : "")  \(parameter.summary)"
            text += fields(parameter.type, indent: "    ")
        }
        for result in function.results { text += "\n  returns \(result.name): \(result.type.description)  \(result.summary)" }
        if !function.example.isEmpty {
            text +=
                "\n\n"
                + function.example.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n")
        }
        return text
    }

    /// The options of a record, wherever it is in the type.
    private static func fields(_ type: LuaType, indent: String) -> String {
        switch type {
        case .record(let record):
            let positions = record.positions.map { [LuaField("1…n", $0.type, $0.summary)] } ?? []
            return (positions + record.fields).map { "\n\(indent)\($0.name)  \($0.summary)" + fields($0.type, indent: indent + "  ") }
                .joined()
        case .either(let types): return types.map { fields($0, indent: indent) }.joined()
        case .list(let type), .map(let type), .named(_, let type): return fields(type, indent: indent)
        default: return ""
        }
    }
}

/// Writes to standard output through C's buffer, as Lua's own print does, so that the order is kept.
public func writeOut(_ text: String) {
    var text = text
    text.withUTF8 { nssh_write_out($0.baseAddress, $0.count) }
}
