import Linux
import LuaKit
import Namespaces

/// ns.scan, and the options of everything that scans first.
enum ScanFunction {
    static let fields: [LuaField] = [
        LuaField("types", Declared.types, "only these types"),
        LuaField("tasks", .boolean, "threads that are not where their process is; true if not given"),
        LuaField("fds", .boolean, "open descriptors; true if not given"),
        LuaField("sockets", .boolean, "sockets and tun devices; true if not given"),
        LuaField("mounts", .boolean, "mounts in every mnt namespace; true if not given"),
        LuaField("deep", .boolean, "descriptors in flight, io_uring files, open files of /proc, suspects; false if not given"),
        LuaField("names", .boolean, "name, uid and inner pids of every process; true if not given"),
    ]
    static let options = LuaRecord("ns.scan", fields)

    nonisolated(unsafe) static let function = LuaFunction(
        "ns.scan", [LuaField("options", .record(options), "what to look through")],
        returns: [LuaField("snapshot", .object("snapshot"), "every namespace that could be seen, and what holds it")],
        "Looks for every namespace of the machine",
        details:
            "What could not be read is in snapshot.unreadable. On a terminal, a line tells how far it is when it takes longer than half a "
            + "second. A look at sockets copies other processes' descriptors (pidfd_getfd(2)); where the v1 cgroup controllers net_cls or net_prio "
            + "class traffic, the kernel then gives those sockets nssh's class: sockets = false leaves that out.",
        example: "local s = ns.scan{fds=false, sockets=false, mounts=false}\nassert(#s.namespaces >= 8)"
    ) { call throws(LuaError) in
        let options = read(call[0])
        call.lua.push(SnapshotObject(try kernel { () throws(Failure) in try Scan.takeVisibly(options) }))
        return 1
    }

    /// The options of a checked table.
    ///
    /// - Parameter defaults: what counts where the table says nothing.
    static func read(_ value: LuaValue, defaults: ScanOptions = ScanOptions()) -> ScanOptions {
        var options = defaults
        guard let table = value.table else { return options }
        if let types = table["types"].namespaceTypes {
            options.types = types.reduce(into: NamespaceTypes()) { $0.insert($1) }
        }
        options.tasks = table["tasks"].boolean ?? options.tasks
        options.descriptors = table["fds"].boolean ?? options.descriptors
        options.sockets = table["sockets"].boolean ?? options.sockets
        options.mounts = table["mounts"].boolean ?? options.mounts
        options.deep = table["deep"].boolean ?? options.deep
        options.names = table["names"].boolean ?? options.names
        return options
    }
}
