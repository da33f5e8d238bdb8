import Bindings
import Linux
import LuaKit
import Namespaces

extension ShellCommand {
    /// ns.tree.
    static let tree = ShellCommand(
        name: "tree", operands: "", most: 0, summary: "Draws the namespaces of the machine as a tree.",
        details: """
            By owner: user namespaces with what they own; by parent: pid and user namespaces with their children; by process: processes that are in \
            other namespaces than their parent, and which those are. Namespaces that the kernel made at boot are folded to a count.
            Exit code: 0, 2 after a wrong option.
            """,
        options: [
            Option("b", "by", .required("REL"), "owner, parent or process; owner if not given"),
            Option("a", "all", "the initial namespaces one by one"),
            Option("J", "json", "all that was seen, as JSON, for --from and other programs"),
            Option(nil, "dot", "as a graph in the language of Graphviz: nssh tree --dot | dot -Tsvg"),
            Option(nil, "mermaid", "as a graph for Markdown"),
            Option(nil, "html", "as a page for a browser, with everything in it"),
            Option(nil, "anonymous", "in these: numbers, names and paths are replaced, net#1, process#1"),
            Option(nil, "ascii", "drawn in ASCII, as in a locale without Unicode"),
        ] + ScanArguments.options
    ) { line throws(CommandError) in try drawTree(line, by: line.text("by"), of: "tree") }

    /// Scans and draws.
    static func drawTree(_ line: CommandLine, by relation: String?, of command: String) throws(CommandError) -> Int32 {
        var order = Tree.Order.owner
        if let relation {
            let names = Tree.Order.allCases.map(\.rawValue)
            guard let read = Tree.Order(rawValue: relation) else {
                throw .usage("no tree is by '\(relation)'\(didYouMean(relation, among: names)); there are \(names.joined(separator: " "))")
            }
            order = read
        }
        let formats = ["json", "dot", "mermaid", "html"].filter { line.has($0) }
        if formats.count > 1 { throw .usage("--\(formats[0]) and --\(formats[1]) exclude each other") }
        if formats.isEmpty, line.has("anonymous") { throw .usage("--anonymous is for --json, --dot, --mermaid and --html") }
        let options = try ScanArguments.read(line)
        let snapshot = try ScanArguments.snapshot(ScanArguments.load(line), options)
        ScanArguments.report(snapshot, line, of: command)
        if let format = formats.first {
            writeOut(text(of: line.has("anonymous") ? snapshot.anonymised() : snapshot, as: format, all: line.has("all")))
            return 0
        }
        let ascii = line.has("ascii") || TreeText.wantsASCII
        let width = Terminal.columns(1)
        for text in TreeText(ascii: ascii).lines(Tree(snapshot, by: order, all: line.has("all"), ascii: ascii).roots) {
            writeOut((width.map { TextWidth.cut(text, to: $0) } ?? text) + "\n")
        }
        return 0
    }

    /// A snapshot in one of the formats of ns.graph.
    private static func text(of snapshot: Snapshot, as format: String, all: Bool) -> String {
        switch format {
        case "dot": Graph(snapshot, all: all).dot
        case "mermaid": Graph(snapshot, all: all).mermaid
        case "html": HTMLPage.text(snapshot)
        default: snapshot.json.text
        }
    }
}
