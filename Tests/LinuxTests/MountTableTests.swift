import Testing

@testable import Linux

@Suite struct MountTableTests {
    /// Mounts from lines of their ids, and where they are.
    private func table(_ lines: [(id: Int, parent: Int, point: String)]) -> MountTable {
        let text = lines.map { "\($0.id) \($0.parent) 0:7 / \($0.point) rw - tmpfs none rw\n" }.joined()
        return MountTable(mountinfo: Array(text.utf8))
    }

    private func covered(_ lines: [(id: Int, parent: Int, point: String)]) -> [UInt64] {
        let table = table(lines)
        return table.entries.filter { table.isCovered($0) }.map(\.id)
    }

    @Test func kinds() throws {
        let text = """
            22 1 8:1 / / rw - ext4 /dev/vda rw
            23 22 0:21 / /proc rw - proc proc rw
            24 22 0:4 net:[4026532281] /run/netns/a\\040b rw - nsfs nsfs rw
            no mount
            25 23 0:21 /sys /proc/sys ro - proc proc rw

            """
        let table = MountTable(mountinfo: Array(text.utf8))
        #expect(table.entries.map(\.kind) == [nil, .procfs, .nsfs, .procfs])
        #expect(table.entries[1].device == MountTable.device(0, 21) && table.entries[0].device == MountTable.device(8, 1))
        #expect(table.entries[1].device == table.entries[3].device)
        #expect(
            table.place(of: table.entries[2]) == MountTable.Place(root: Array("net:[4026532281]".utf8), point: Array("/run/netns/a b".utf8))
        )
        #expect(table.place(of: table.entries[3])?.root.lossy == "/sys")
        #expect(MountTable(mountinfo: []).entries.isEmpty)
    }

    @Test func whatIsNotCovered() {
        #expect(covered([(1, 0, "/"), (2, 1, "/run"), (3, 2, "/run/netns/a"), (4, 2, "/run/netns/ab"), (5, 1, "/runner")]) == [])
        // The first mount may be its own parent.
        #expect(covered([(1, 1, "/"), (2, 1, "/a")]) == [])
        // Mounted before the way was covered, and so below it: reached by nobody, but in nobody's way.
        #expect(covered([(1, 0, "/"), (2, 1, "/run/x"), (3, 1, "/run"), (4, 3, "/run/x/y")]) == [2])
    }

    @Test func whatIsCovered() {
        #expect(covered([(1, 0, "/"), (2, 1, "/a"), (3, 2, "/a")]) == [2])
        #expect(covered([(1, 0, "/"), (2, 1, "/a/b/c"), (3, 1, "/a")]) == [2])
        #expect(covered([(1, 0, "/"), (2, 1, "/a"), (3, 2, "/a/b/c"), (4, 2, "/a")]) == [2, 3])
        #expect(covered([(1, 0, "/"), (2, 1, "/a/b"), (3, 1, "/")]) == [1, 2])
        // The root that a system starts with is below its real one.
        #expect(covered([(1, 0, "/"), (2, 1, "/"), (3, 2, "/a")]) == [1])
    }
}
