import Linux
import Testing

@testable import Namespaces

/// Lists, trees and pictures of a snapshot that is written down here.
@Suite struct ShowingTests {
    /// A user namespace with a net namespace, which only a mount holds, and a pid namespace below the initial one.
    private static let text = #"""
        {"format": "nssh snapshot", "version": 1, "time": 0, "host": "here", "kernel": "6.18", "uid": 0, "own_pid": 1, "mnt": 5,
         "types": ["mnt", "pid", "net", "user"], "users": {"0": "root", "1000": "alice"}, "costs": [],
         "namespaces": [
          {"type": "mnt", "inode": 5, "owner": "user:[8]", "initial": true},
          {"type": "pid", "inode": 6, "owner": "user:[8]", "initial": true},
          {"type": "pid", "inode": 16, "owner": "user:[18]", "parent": "pid:[6]"},
          {"type": "net", "inode": 7, "owner": "user:[8]", "initial": true},
          {"type": "net", "inode": 17, "id": 99, "owner": "user:[18]", "holders": [{"kind": "mount", "path": "/run/netns/blue", "mnt": 5}]},
          {"type": "user", "inode": 8, "initial": true},
          {"type": "user", "inode": 18, "owner": "user:[8]", "parent": "user:[8]", "uid": 1000,
           "uid_map": [[0, 1000, 1], [1, 100000, 65536]], "gid_map": [[0, 1000, 1]]}
         ],
         "processes": [
          {"pid": 1, "parent": 0, "uid": 0, "name": "init", "namespaces": {"mnt": 5, "pid": 6, "net": 7, "user": 8}},
          {"pid": 40, "parent": 1, "uid": 1000, "name": "a \"b\" \\ <c>", "command": "x\ty",
           "namespaces": {"mnt": 5, "pid": 16, "net": 7, "user": 18}},
          {"pid": 41, "parent": 40, "uid": 1000, "name": "sh", "namespaces": {"mnt": 5, "pid": 16, "net": 7, "user": 18}}
         ]}
        """#

    private func snapshot() throws -> Snapshot { try Snapshot(json: JSON(Array(ShowingTests.text.utf8))) }

    @Test func aListHasWhatHoldsANamespaceWithoutProcess() throws {
        var filter = NamespaceList.Filter()
        filter.persistent = true
        let list = NamespaceList(try snapshot(), filter)
        #expect(
            list.table([.NS, .TYPE, .NPROCS, .PID, .ID, .NSFS, .NAMES, .HOLDERS, .COMMAND]).lines() == [
                "NS TYPE NPROCS PID ID NSFS                               NAMES                   HOLDERS COMMAND",
                "17 net       0     99 /run/netns/blue (said by the file) blue (said by the file) mount:1",
            ])
    }

    @Test(arguments: [("init", [5, 6, 7, 8]), ("sh", [5, 16, 7, 18]), ("blue", [17]), ("nobody", [])] as [(String, [UInt64])])
    func aNameIsThatOfAProcessOrOfANamespace(name: String, inodes: [UInt64]) throws {
        var filter = NamespaceList.Filter()
        filter.name = Array(name.utf8)
        #expect(NamespaceList(try snapshot(), filter).rows.map(\.namespace.key.inode) == inodes)
    }

    @Test func cellsAreAlignedEscapedAndCut() {
        let table = TextTable([TextTable.Column("N", right: true), TextTable.Column("NAME")], [["1", "a\tb"], ["22", ""], ["3", "日本"]])
        #expect(table.lines() == [" N NAME", " 1 a\\tb", "22", " 3 日本"])
        #expect(table.lines(columns: 6) == [" N NA…", " 1 a\\…", "22", " 3 日…"])
        #expect(table.rawLines() == ["N NAME", "1 a\\tb", "22 -", "3 日本"])
        #expect(TextTable([TextTable.Column("A")], [["b c"]]).rawLines() == ["A", "b\\x20c"])
    }

    @Test func theTreeByOwner() throws {
        let tree = Tree(try snapshot(), by: .owner, ascii: true)
        #expect(
            TreeText(ascii: true).lines(tree.roots) == [
                "user:[8] initial; process 1 init", "|-3 initial: mnt pid net",
                "`-user:[18]; made by alice (1000); uid 0->1000, 1-65536->100000, gid 0->1000; 2 processes: 40 a \"b\" \\ <c>, 41 sh",
                "  |-pid:[16]; 2 processes: 40 a \"b\" \\ <c>, 41 sh",
                "  `-net:[17] blue (said by the file); no process; held by the bind mount /run/netns/blue (said by the file)",
            ])
    }

    @Test func theTreeByParentAndByProcess() throws {
        let parents = TreeText(ascii: false).lines(Tree(try snapshot(), by: .parent).roots)
        #expect(parents.count == 4)
        #expect(parents[1].hasPrefix("└─pid:[16]; "))
        let processes = TreeText(ascii: false).lines(Tree(try snapshot(), by: .process).roots)
        #expect(processes == ["1 init; initial namespaces", "└─40 a \"b\" \\ <c>; pid:[16] user:[18]; with 41 sh"])
    }

    @Test func textInDotAndMermaidIsText() throws {
        let graph = Graph(try snapshot())
        #expect(graph.dot.contains(#"[label="2 processes: 40 a \"b\" \\ <c>, 41 sh", shape=ellipse"#))
        #expect(graph.mermaid.contains(#"(["2 processes: 40 a #34;b#34; #92; #60;c#62;, 41 sh"])"#))
        #expect(!graph.dot.contains("mnt:[5]"))
        #expect(Graph(try snapshot(), all: true).dot.contains("mnt:[5]"))
    }

    @Test func aPartHasWhatIsAboveIt() throws {
        var filter = NamespaceList.Filter()
        filter.types = [.net]
        filter.persistent = true
        let part = try snapshot().part(filter)
        #expect(part.namespaces.map(\.key.link) == ["net:[17]", "user:[8]", "user:[18]"])
        #expect(part.processes.map(\.pid) == [40, 41])
        #expect(part.namespace(of: 0, link: NamespaceType.user.ordinal)?.inode == 18)
        #expect(part.namespace(of: 0, link: NamespaceType.pid.ordinal) == nil)
    }

    @Test func theAnonymisedFormIsTheSameForOtherNumbers() throws {
        // With these numbers the order of the namespaces and of the processes is another one.
        let other = ShowingTests.text.replacing("18", with: "4").replacing("16", with: "3").replacing("\"pid\": 41", with: "\"pid\": 99")
        let a = try snapshot().anonymised().json.text
        let b = try Snapshot(json: JSON(Array(other.utf8))).anonymised().json.text
        #expect(a == b)
        for secret in ["alice", "blue", "1000", "here", "6.18", "40", "99", "<c>"] { #expect(!a.contains(secret), "\(secret)") }
        #expect(Tree(try snapshot().anonymised(), by: .owner).roots[0].children[1].parts[0] == "user#2")
    }

    @Test func thePageHasEveryNamespaceOnce() throws {
        let page = HTMLPage.text(try snapshot())
        for namespace in try snapshot().namespaces { #expect(page.split(separator: "<b>\(namespace.key.link)</b>").count == 2) }
        #expect(page.contains("a &quot;b&quot; \\ &lt;c&gt;"))
        #expect(!page.contains("<c>"))
    }
}
