import Testing

@testable import Namespaces

@Suite struct SnapshotNamesTests {
    @Test func namesAreThoseOfNsshsOwnMountNamespace() {
        func mount(_ path: String, _ mountNamespace: UInt64, _ detail: String? = nil) -> Holder {
            var holder = Holder(.mount)
            (holder.path, holder.mountNamespace, holder.detail) = (path, mountNamespace, detail)
            return holder
        }
        var net = Snapshot.Namespace(NamespaceKey(.net, 1))
        net.holders = [
            mount("/var/run/netns/z", 10), mount("/run/netns/b", 10), mount("/run/netns/c/d", 10), mount("/tmp/pin", 10),
            mount("/run/netns/elsewhere", 11), mount("/run/netns/hidden", 10, "over-mounted"),
        ]
        var uts = Snapshot.Namespace(NamespaceKey(.uts, 2))
        uts.holders = [mount("/run/netns/b", 10)]
        var snapshot = Snapshot()
        #expect(snapshot.names(of: net) == [])
        snapshot.mountNamespace = 10
        #expect(snapshot.names(of: net) == ["/run/netns/c/d", "/tmp/pin", "b", "z"])
        #expect(snapshot.names(of: uts) == ["/run/netns/b"])
    }
}
