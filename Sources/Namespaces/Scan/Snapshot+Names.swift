/// The names of namespaces.
extension Snapshot {
    /// The names that nssh can open a namespace by: `foo` for /run/netns/foo, as ip-netns(8) has it, and the paths of other bind mounts
    /// in nssh's own mnt namespace; in ascending order.
    public func names(of namespace: Namespace) -> [[UInt8]] {
        guard let mountNamespace else { return [] }
        return namespace.holders.compactMap { holder -> [UInt8]? in
            guard holder.kind == .mount, holder.mountNamespace == mountNamespace, !holder.isCovered, holder.remark == nil,
                let path = holder.path
            else { return nil }
            guard namespace.key.type == .net else { return path }
            return Pin.netnsName(path) ?? path
        }.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
