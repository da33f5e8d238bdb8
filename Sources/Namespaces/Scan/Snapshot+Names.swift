/// The names of namespaces.
extension Snapshot {
    /// The names that nssh can open a namespace by: `foo` for /run/netns/foo, as ip-netns(8) has it, and the paths of other bind mounts
    /// in nssh's own mnt namespace; in ascending order.
    public func names(of namespace: Namespace) -> [[UInt8]] { allNames(of: namespace).filter { !$0.isHearsay }.map(\.name) }

    /// The same to be shown, and those that only a file tells of, which are marked.
    func nameTexts(of namespace: Namespace) -> [String] {
        allNames(of: namespace).map { $0.name.shown + ($0.isHearsay ? Holder.hearsayMark : "") }
    }

    /// The names, and whether only a file tells of them.
    func allNames(of namespace: Namespace) -> [(name: [UInt8], isHearsay: Bool)] {
        guard let mountNamespace else { return [] }
        return namespace.holders.compactMap { holder -> (name: [UInt8], isHearsay: Bool)? in
            guard holder.kind == .mount, holder.mountNamespace == mountNamespace, !holder.isCovered, holder.remark == nil,
                let path = holder.path
            else { return nil }
            return (namespace.key.type == .net ? Pin.netnsName(path) ?? path : path, holder.isHearsay)
        }.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }
}
