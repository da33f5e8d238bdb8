import Linux
import Testing

@testable import Namespaces

@Suite struct SnapshotNamesTests {
    @Test func namesAreThoseOfNsshsOwnMountNamespace() {
        func mount(_ path: String, _ mountNamespace: UInt64, covered: Bool = false) -> Holder {
            var holder = Holder(.mount)
            (holder.path, holder.mountNamespace, holder.isCovered) = (Array(path.utf8), mountNamespace, covered)
            return holder
        }
        var net = Snapshot.Namespace(NamespaceKey(.net, 1))
        net.holders = [
            mount("/var/run/netns/z", 10), mount("/run/netns/b", 10), mount("/run/netns/c/d", 10), mount("/tmp/pin", 10),
            mount("/run/netns/elsewhere", 11), mount("/run/netns/hidden", 10, covered: true),
        ]
        var uts = Snapshot.Namespace(NamespaceKey(.uts, 2))
        uts.holders = [mount("/run/netns/b", 10)]
        var snapshot = Snapshot()
        #expect(snapshot.names(of: net).map(\.lossy) == [])
        snapshot.mountNamespace = 10
        #expect(snapshot.names(of: net).map(\.lossy) == ["/run/netns/c/d", "/tmp/pin", "b", "z"])
        #expect(snapshot.names(of: uts).map(\.lossy) == ["/run/netns/b"])
    }
}
