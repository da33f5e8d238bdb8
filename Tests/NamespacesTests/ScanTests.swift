import Glibc
import Linux
import Testing

@testable import Namespaces

@Suite struct StatusTests {
    private func parse(_ text: String) -> Snapshot.Process? {
        Array(text.utf8).withUnsafeBytes { StatusReader.parse($0, 7) }
    }

    @Test func whatIsWantedIsRead() throws {
        let text = """
            Name:\tsleep
            Umask:\t0022
            State:\tS (sleeping)
            Tgid:\t7
            Pid:\t7
            PPid:\t3
            Uid:\t4294967295\t0\t0\t0
            Groups:\t1 2 3\u{20}
            NStgid:\t7\t2
            NSpid:\t7\t2\t1
            Threads:\t5
            NSpid:\t9\t9

            """
        let process = try #require(parse(text))
        #expect(process.pid == 7 && process.parent == 3 && process.uid == UInt32.max && process.threads == 5)
        #expect(process.name == "sleep" && process.innerPids == [7, 2, 1] && !process.isZombie)
    }

    @Test(arguments: [("a\\nb", "a\nb"), ("a\\\\b", "a\\b"), ("\\\\n", "\\n"), ("a b\t(c)", "a b\t(c)"), ("", "")])
    func namesAreUnescaped(_ written: String, _ name: String) {
        #expect(parse("Name:\t\(written)\nState:\tZ (zombie)\nThreads:\t1\n")?.name == name)
    }

    @Test func aZombieIsOne() { #expect(parse("Name:\tx\nState:\tZ (zombie)\n")?.isZombie == true) }

    @Test func nothingIsNobody() { #expect(parse("") == nil) }
}

@Suite struct OpeningTests {
    private func process(_ pid: Int32, _ places: [Int: Int32], into snapshot: inout Snapshot) {
        snapshot.processes.append(Snapshot.Process(pid))
        snapshot.places += (0..<LinkReader.count).map { places[$0] ?? -1 }
    }

    private func holder(_ kind: Holder.Kind, _ change: (inout Holder) -> Void) -> Holder {
        var holder = Holder(kind)
        change(&holder)
        return holder
    }

    @Test func aPathLeadsToWhatWasSeen() throws {
        let keys: [NamespaceKey] = [
            NamespaceKey(.mnt, 10), NamespaceKey(.uts, 20), NamespaceKey(.uts, 21), NamespaceKey(.uts, 22), NamespaceKey(.uts, 23),
            NamespaceKey(.pid, 30), NamespaceKey(.pid, 31),
        ]
        var snapshot = Snapshot()
        snapshot.namespaces = keys.map { Snapshot.Namespace($0) }
        snapshot.mountNamespace = 11
        process(5, [0: 0, 1: 1, 3: 5], into: &snapshot)
        process(6, [3: 5, LinkReader.pidForChildren: 6], into: &snapshot)
        snapshot.processes[1].hasUnborn = true
        snapshot.namespaces[2].holders = [holder(.thread) { ($0.pid, $0.tid) = (6, 8) }]
        snapshot.namespaces[3].holders = [
            holder(.socket) { $0.pid = 6 }, holder(.descriptor) { ($0.pid, $0.descriptor) = (6, 4) },
        ]
        snapshot.namespaces[4].holders = [holder(.mount) { ($0.path, $0.mountNamespace) = (Array("/x".utf8), 10) }]
        let paths = [
            "/proc/5/ns/mnt", "/proc/5/ns/uts", "/proc/6/task/8/ns/uts", "/proc/6/fd/4", "/proc/5/root/x", "/proc/5/ns/pid", nil,
        ]
        #expect(snapshot.openPaths().map { $0?.lossy } == paths)
        #expect(keys.map { snapshot.openPath(of: $0)?.lossy } == paths)
        snapshot.mountNamespace = 10
        #expect(snapshot.openPath(of: keys[4])?.lossy == "/x")
        #expect(snapshot.openPath(of: NamespaceKey(.net, 1)) == nil)
        // A thread's next children are in it, and another mount hides this one.
        let pid = NamespaceKey(.pid, 99)
        snapshot.namespaces.append(Snapshot.Namespace(pid))
        let place = try #require(snapshot.position(of: pid))
        snapshot.namespaces[place].holders = [holder(.thread) { ($0.pid, $0.tid, $0.link) = (6, 8, LinkReader.pidForChildren) }]
        #expect(snapshot.openPath(of: pid)?.lossy == "/proc/6/task/8/ns/pid_for_children")
        snapshot.namespaces[place].holders = [holder(.mount) { ($0.path, $0.mountNamespace, $0.isCovered) = (Array("/x".utf8), 10, true) }]
        #expect(snapshot.openPath(of: pid) == nil)
    }
}

@Suite struct IdTests {
    /// Where the kernel lists ids it opens them too; elsewhere nothing is opened by an id alone.
    @Test func anIdOpensItsNamespace() throws {
        Proc.open()
        let own = try Target.own.open(.uts)
        let found = try own.id().flatMap { NamespaceHandle(id: $0) }
        #expect(found?.key == (Feature.listns.isSupported ? own.key : nil))
        #expect(NamespaceHandle(id: UInt64.max) == nil)
    }
}
