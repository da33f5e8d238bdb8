import Testing

@testable import Namespaces

@Suite struct DifferenceTests {
    /// A look at one namespace, which a mount holds.
    private func snapshot(inode: UInt64, id: UInt64?, at path: String = "/pin") -> Snapshot {
        var holder = Holder(.mount)
        (holder.path, holder.mountNamespace) = (Array(path.utf8), 1)
        var namespace = Snapshot.Namespace(NamespaceKey(.net, inode))
        (namespace.id, namespace.holders) = (id, [holder])
        var snapshot = Snapshot()
        snapshot.types = [.net]
        snapshot.namespaces = [namespace]
        snapshot.costs = [Snapshot.Cost(source: .mounts, seconds: 0, looked: 1)]
        return snapshot
    }

    @Test func aNumberThatIsUsedAgainIsADeathAndABirth() {
        let difference = snapshot(inode: 7, id: 2).since(snapshot(inode: 7, id: 1))
        #expect(difference.died.map(\.key) == [NamespaceKey(.net, 7)])
        #expect(difference.born.map(\.key) == [NamespaceKey(.net, 7)])
        #expect(difference.changed.isEmpty)
    }

    @Test func theSameIdIsTheSameNamespace() {
        #expect(snapshot(inode: 7, id: 1).since(snapshot(inode: 7, id: 1)).isEmpty)
        let moved = snapshot(inode: 7, id: 1, at: "/other").since(snapshot(inode: 7, id: 1))
        #expect(moved.born.isEmpty && moved.died.isEmpty && moved.changed.map(\.key) == [NamespaceKey(.net, 7)])
    }

    /// A kernel that has no ids, or did not tell one, leaves the number.
    @Test(arguments: [(nil, nil), (1, nil), (nil, 2)] as [(UInt64?, UInt64?)])
    func withoutAnIdTheNumberCounts(_ before: UInt64?, _ after: UInt64?) {
        #expect(snapshot(inode: 7, id: after).since(snapshot(inode: 7, id: before)).isEmpty)
    }

    @Test func anotherNumberIsAnotherOne() {
        let difference = snapshot(inode: 8, id: 2).since(snapshot(inode: 7, id: 1))
        #expect(difference.died.map(\.key.inode) == [7] && difference.born.map(\.key.inode) == [8])
    }
}
