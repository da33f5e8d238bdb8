import Glibc
import Linux
import Testing

@testable import Namespaces

@Suite struct LedgerTests {
    /// A directory stands for a cgroup hierarchy: the machine's own are not touched. It is gone when `body` returns.
    private func withHierarchy(_ body: (String, () throws(Failure) -> [Mount]) throws -> Void) throws {
        var template = Array("/tmp/nssh-ledger-XXXXXX".utf8CString)
        let root = String(cString: try #require(mkdtemp(&template)))
        defer { rmdir(root) }
        let line = "30 1 0:27 / \(root) rw - cgroup2 none rw"
        let mount = try #require(Mount(line: ArraySlice(Array(line.utf8))))
        try body(root) { () throws(Failure) in [mount] }
    }

    @Test func aNewCgroupIsPerhapsOurs() throws {
        try withHierarchy { root, mounts in
            let before = Ledger(mounts: mounts)
            #expect(before.items.filter { $0.kind == .cgroup }.isEmpty)
            mkdir("\(root)/a", 0o755)
            mkdir("\(root)/a/b", 0o755)
            defer { rmdir("\(root)/a/b"); rmdir("\(root)/a") }
            let new = Ledger(mounts: mounts).since(before).filter { $0.kind == .cgroup }
            #expect(new.map(\.name) == ["\(root)/a", "\(root)/a/b"])
            #expect(new.allSatisfy { !$0.isCertain })
        }
    }

    @Test func aCgroupThatIsRenamedIsNotNew() throws {
        try withHierarchy { root, mounts in
            mkdir("\(root)/a", 0o755)
            let before = Ledger(mounts: mounts)
            rename("\(root)/a", "\(root)/b")
            defer { rmdir("\(root)/b") }
            #expect(Ledger(mounts: mounts).since(before).filter { $0.kind == .cgroup }.isEmpty)
        }
    }
}
