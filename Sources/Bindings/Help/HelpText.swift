import Linux
import LuaKit

/// Lays declarations out in lines of at most so many columns.
struct HelpText {
    private let columns: Int

    init(columns: Int) { self.columns = max(columns, 30) }

    /// What there is, in names.
    func overview(_ modules: [LuaModule], _ classes: [LuaClass]) -> String {
        var lines = ["Standard Lua 5.4, and:"]
        for module in modules {
            lines += [""] + head(module.name, module.summary) + wrap(module.functions.map(\.shortName).joined(separator: " "), 4)
        }
        for declaration in classes {
            lines += [""] + head(declaration.name, declaration.summary)
            let properties = declaration.properties.map { ".\($0.name)" }
            lines += wrap((properties + declaration.methods.map { ":\($0.shortName)" }).joined(separator: " "), 4)
        }
        lines += ["", "To begin with:"]
        lines += table([
            ("box = ns.clone{user=\"root\", uts=\"box\"}", "a process in new namespaces"),
            ("box:run{\"hostname\"}", "a program in there"),
            ("ns.inode(box, \"uts\"), ns.inode(\"self\", \"uts\")", "two numbers: two namespaces"), ("box:close()", "its end"),
        ])
        lines += [""]
        lines += wrap(
            "help(ns) lists functions, help(ns.clone) or help \"clone\" explains one, help \"uts\" a namespace type, "
                + "help \"terminal\" finds a word.", 0)
        return lines.joined(separator: "\n")
    }

    /// A module and its functions.
    func describe(_ module: LuaModule) -> String {
        (head(module.name, module.summary) + [""] + list(module.functions)).joined(separator: "\n")
    }

    /// A class, its fields and methods.
    func describe(_ declaration: LuaClass) -> String {
        var lines = head(declaration.name, declaration.summary) + [""]
        lines += table(declaration.properties.map { (".\($0.name)", $0.summary) }) + list(declaration.methods)
        return lines.joined(separator: "\n")
    }

    /// A name and what it is.
    func head(_ name: String, _ summary: String) -> [String] { table([(name, summary)], indent: 0) }

    /// Signatures and what they do.
    func list(_ functions: [LuaFunction]) -> [String] { table(functions.map { ($0.signature, $0.summary) }) }

    /// A binding, whole.
    func describe(_ function: LuaFunction) -> String {
        var lines = wrap(function.signature, 0) + wrap(function.summary + ".", 2)
        if !function.details.isEmpty { lines += wrap(function.details, 2) }
        for parameter in function.parameters where parameter.name != "self" {
            lines += [""] + wrap("\(parameter.name): \(parameter.type.description)\(parameter.isOptional ? ", optional" : "")", 2)
            lines += wrap(parameter.summary, 4) + options(in: parameter.type, indent: 4)
        }
        if !function.results.isEmpty { lines.append("") }
        for result in function.results { lines += wrap("returns \(result.name): \(result.type.description)", 2) + wrap(result.summary, 4) }
        if !function.example.isEmpty {
            lines += ["", "  example:"]
            lines += function.example.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
        }
        return lines.joined(separator: "\n")
    }

    /// The options of the records in a type, those of options below them.
    func options(in type: LuaType, indent: Int) -> [String] {
        var lines: [String] = []
        for record in type.records {
            let positions = record.positions.map { [LuaField("1…n", $0.type, $0.summary)] } ?? []
            for field in positions + record.fields {
                lines += table([(field.name, field.summary)], indent: indent, first: 14)
                // Another name for the same says it once.
                if field.summary.hasPrefix("the same as ") { continue }
                lines += options(in: field.type, indent: indent + 2)
            }
        }
        return lines
    }

    /// Two columns: what is too long for the first has a line of its own.
    func table(_ rows: [(String, String)], indent: Int = 2, first: Int? = nil) -> [String] {
        let most = max(columns / 2, 16)
        let width = first ?? rows.map { TextWidth.of($0.0) }.filter { $0 <= most }.max() ?? 0
        var lines: [String] = []
        for (name, text) in rows {
            let margin = String(repeating: " ", count: indent)
            let wrapped = TextWidth.wrap(text, to: max(columns - indent - width - 2, 16))
            if TextWidth.of(name) > width {
                lines += wrap(name, indent)
                lines += wrapped.map { margin + String(repeating: " ", count: width + 2) + $0 }
                continue
            }
            for (position, line) in wrapped.enumerated() {
                lines.append(margin + TextWidth.pad(position == 0 ? name : "", to: width) + "  " + line)
            }
        }
        return lines
    }

    /// Lines with a margin.
    func wrap(_ text: String, _ indent: Int) -> [String] {
        TextWidth.wrap(text, to: columns - indent).map { String(repeating: " ", count: $0.isEmpty ? 0 : indent) + $0 }
    }
}
