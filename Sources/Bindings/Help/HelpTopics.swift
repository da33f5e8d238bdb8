import CLinux
import Linux
import LuaKit
import Namespaces

/// Finds what a name stands for: functions, classes, modules, namespace types, options; and words in what is said of them.
struct HelpTopics {
    private let modules: [LuaModule]
    private let print: HelpText
    private let all: [LuaFunction]

    init(_ state: LuaState, _ print: HelpText) {
        modules = state.modules
        self.print = print
        all = modules.flatMap(\.functions) + Help.classes.flatMap(\.methods) + Help.others
    }

    /// All names that help knows, for a hint and for completion.
    var names: [String] {
        let all =
            modules.map(\.name) + Help.classes.map(\.name) + all.flatMap { [$0.name, $0.shortName] }
            + NamespaceType.allCases.map(\.rawValue)
            + options.map(\.field.name)
        return Set(all).sorted()
    }

    /// The functions of a full name, or of its last part.
    func functions(called name: String) -> [LuaFunction] {
        let exact = all.filter { $0.name == name }
        return exact.isEmpty ? all.filter { $0.shortName == name } : exact
    }

    /// What is known of a name; nil when nothing is.
    func text(for name: String) -> String? {
        var texts = modules.filter { $0.name == name }.map(print.describe)
        texts += Help.classes.filter { $0.name == name }.map(print.describe)
        let functions = functions(called: name)
        if let first = functions.first { texts.append(print.describe(first)) }
        if functions.count > 1 { texts.append((["Of the same name:"] + print.list(Array(functions.dropFirst()))).joined(separator: "\n")) }
        if let type = NamespaceType(name: name) {
            texts.append(describe(type))
        } else if let text = option(name) {
            texts.append(text)
        }
        return texts.isEmpty ? apropos(name) : texts.joined(separator: "\n\n")
    }

    // MARK: Options

    private struct Option {
        /// Where it stands: `mnt.propagation`.
        let path: String
        let field: LuaField
        let function: String
    }

    private var options: [Option] {
        var found: [Option] = []
        func visit(_ type: LuaType, _ path: String, _ function: LuaFunction) {
            for record in type.records {
                for field in record.fields {
                    found.append(Option(path: path + field.name, field: field, function: function.name))
                    if field.summary.hasPrefix("the same as ") { continue }
                    visit(field.type, path + field.name + ".", function)
                }
            }
        }
        for function in all { for parameter in function.parameters { visit(parameter.type, "", function) } }
        return found
    }

    private func option(_ name: String) -> String? {
        let found = options.filter { $0.field.name == name || $0.path == name }
        if found.isEmpty { return nil }
        var texts: [(path: String, summary: String, field: LuaField, functions: [String])] = []
        for option in found {
            if let known = texts.firstIndex(where: { $0.path == option.path && $0.summary == option.field.summary }) {
                if !texts[known].functions.contains(option.function) { texts[known].functions.append(option.function) }
            } else {
                texts.append((option.path, option.field.summary, option.field, [option.function]))
            }
        }
        return texts.map { text in
            let lines =
                print.head(text.path, "an option of \(text.functions.joined(separator: ", ")): \(text.field.type.description)")
                + print.wrap(text.summary + ".", 2)
            return (lines + print.options(in: text.field.type, indent: 4)).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    // MARK: Types of namespaces

    private func describe(_ type: NamespaceType) -> String {
        let name = type.rawValue
        var rows = [
            ("isolates", type.isolates), ("flag", "\(type.flagName), complete since Linux \(type.since)"), ("manual", type.manual),
            ("limit", "/proc/sys/user/\(type.limitName)"),
        ]
        if !type.isSupported { rows.append(("here", "this kernel does not have it")) }
        if let inode = try? Inspect.inode(.own, type) { rows.append(("here", "\(name):[\(inode)]")) }
        let demonstration = "demo_\(type == .mnt ? "mount" : name).lua"
        if BundledScript.named(demonstration) != nil { rows.append(("shown by", "nssh \(demonstration)")) }
        var lines = ["\(name)  a type of namespace"] + print.table(rows)
        if let field = Declared.typeFields.first(where: { $0.name == name }) {
            // ns.limits has options of these names too, which say something else.
            let users = options.filter { $0.path == name && $0.field.summary == field.summary }.map(\.function)
            lines += [""] + print.wrap("The option \(name) of \(users.joined(separator: ", ")):", 2)
            lines += print.wrap(field.summary, 4) + print.options(in: field.type, indent: 4)
        }
        return lines.joined(separator: "\n")
    }

    // MARK: Any word

    private func apropos(_ word: String) -> String? {
        let word = word.lowercased()
        if word.utf8.count < 2 { return nil }
        func has(_ texts: [String]) -> Bool { texts.contains { $0.lowercased().includes(word) } }
        var rows: [(String, String)] = []
        for module in modules where has([module.summary]) { rows.append((module.name, module.summary)) }
        for declaration in Help.classes where has([declaration.summary]) { rows.append((declaration.name, declaration.summary)) }
        for function in all where has([function.name, function.summary, function.details] + function.results.map(\.summary)) {
            rows.append((function.signature, function.summary))
        }
        for type in NamespaceType.allCases where has([type.isolates, type.flagName, type.manual]) {
            rows.append((type.rawValue, "a type of namespace: \(type.isolates)"))
        }
        var known: Set<String> = []
        for option in options where has([option.path, option.field.summary]) {
            if known.insert(option.path + option.field.summary).inserted { rows.append((option.path, "option: \(option.field.summary)")) }
        }
        if rows.isEmpty { return nil }
        return (["Nothing is called '\(word)'. It is in what is said of:"] + print.table(rows)).joined(separator: "\n")
    }
}

extension LuaType {
    /// The records in it, wherever they are.
    public var records: [LuaRecord] {
        switch self {
        case .record(let record): [record]
        case .either(let types): types.flatMap(\.records)
        case .list(let type), .map(let type), .numbered(let type), .named(_, let type): type.records
        default: []
        }
    }
}
