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

    @Test func mountsThatLeadInACircle() {
        // They were moved while they were read.
        #expect(covered([(1, 2, "/a"), (2, 1, "/b"), (3, 2, "/b/c")]) == [])
    }

    @Test func theWayToMountsIsGoneOnce() {
        // A stack, and as many mounts on the last of it: nine million steps, were each way gone from its start.
        var lines: [(id: Int, parent: Int, point: String)] = [(1, 0, "/")]
        for id in 2...3000 { lines.append((id, id - 1, "/a")) }
        for id in 3001...6000 { lines.append((id, 3000, "/a/\(id)")) }
        #expect(covered(lines).count == 2998)
    }

    @Test func depthsInOrder() {
        var depths = MountDepths()
        var asked = 0
        #expect(depths.findDepth(on: 100) { _ in nil } == 1)
        depths[1] = 1
        #expect(
            depths.findDepth(on: 1) { _ in
                asked += 1; return nil
            } == 2)
        #expect(asked == 0)
    }

    @Test func depthsOfMountsOnLaterOnes() {
        // 5 is on 6, which is on 7, which is on the first.
        let parents: [UInt64: UInt64] = [5: 6, 6: 7, 7: 1, 1: 1]
        var depths = MountDepths()
        #expect(depths.findDepth(on: 6) { parents[$0] } == 3)
        #expect(depths[7] == 1 && depths[6] == 2)
        // Too far up to go on asking: taken to be deep, with all that is on it.
        var deep = MountDepths()
        var asked = 0
        let depth = deep.findDepth(on: 1) { mount in
            asked += 1
            return mount + 1
        }
        #expect(depth > MountBudget.unknownDepth && asked == MountBudget.freeDepth)
        deep[0] = depth
        #expect(deep.findDepth(on: 0) { _ in nil } == depth + 1)
    }

    @Test func ordinaryMountsCostNothing() {
        let budget = MountBudget()
        // Of all that there is to spend, nothing is left.
        for _ in 0..<4 {
            while !budget.isSpent { budget.charge(mount: 1, depth: 10_000) }
            budget.start()
        }
        budget.charge(mount: 1, depth: MountBudget.freeDepth + 1)
        #expect(budget.isSpent)
        budget.start()
        for number in 1...MountBudget.freeMounts { budget.charge(mount: number, depth: MountBudget.freeDepth) }
        budget.charge(text: MountBudget.freeText)
        #expect(!budget.isSpent)
        budget.charge(mount: MountBudget.freeMounts + 1, depth: 1)
        #expect(budget.isSpent)
    }

    @Test func whatAStackCosts() {
        let budget = MountBudget()
        var looked = 0
        while !budget.isSpent {
            looked += 1
            budget.charge(mount: looked, depth: looked)
        }
        #expect((2000...4000).contains(looked))
        // Flat, as many as the kernel allows need not be looked at, but tens of thousands.
        let other = MountBudget()
        looked = 0
        while !other.isSpent {
            looked += 1
            other.charge(mount: looked, depth: 2)
        }
        #expect((40_000...100_000).contains(looked))
    }

    @Test func aBudgetWithoutALimit() {
        let budget = MountBudget(isLimited: false)
        budget.charge(mount: 1, depth: 1 << 30)
        #expect(!budget.isSpent)
    }
}
