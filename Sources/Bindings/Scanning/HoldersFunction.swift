import Linux
import LuaKit
import Namespaces

/// ns.holders and snapshot:holders: what keeps a namespace alive, as a list of records.
enum HoldersFunction {
    /// What is asked about, for ns.holders and ns.why.
    static let parameters = [
        LuaField(
            "namespace", Declared.subject, optional: false, "a process (with a type), a handle, a weak reference, inode, link or path"),
        LuaField("type", Declared.typeName, "of a process: which; of one namespace: checked if given"),
    ]
    /// The options of both: everything is looked through unless they say otherwise.
    static let options = LuaField(
        "options",
        .record(
            LuaRecord(
                "ns.why",
                [
                    LuaField("tasks", .boolean, "threads that are not where their process is; true if not given"),
                    LuaField("fds", .boolean, "open descriptors; true if not given"),
                    LuaField("sockets", .boolean, "sockets and tun devices, for a net namespace; true if not given"),
                    LuaField("mounts", .boolean, "mounts in every mnt namespace; true if not given"),
                    LuaField("deep", .boolean, "descriptors in flight, io_uring files, open files of /proc, suspects; true if not given"),
                ])), "what not to look through")
    private static let results = [
        LuaField(
            "holders", .list(.table),
            "kind, certain, pid, tid, fd, path, mnt, namespace, detail, text and release of each; tostring says it in words")
    ]
    private static let details =
        "kind is \(Holder.Kind.allCases.map(\.rawValue).joined(separator: ", ")). certain is false for what only may hold it; what may hold any "
        + "namespace of the type is there only where nothing is certain. mnt is the mnt namespace "
        + "that path is in; in a snapshot from a file path and release are there only where the path leads to it here, text has it anyway. namespace is the child or owned one. release is what lets go of it: a command, or words; of a child or an owned "
        + "namespace nothing, it has holders of its own. nssh's own handles count: they hold it too."

    nonisolated(unsafe) static let function = LuaFunction(
        "ns.holders", parameters + [options], returns: results, "Lists what keeps a namespace alive", details: details,
        example: "local p <close> = ns.clone{uts=true, user=\"root\"}\nlocal holders = ns.holders(p, \"uts\")\n"
            + "assert(#holders == 1 and holders[1].kind == \"process\" and holders[1].pid == p.pid)"
    ) { call throws(LuaError) in
        let (snapshot, why) = try ask(call)
        push(call.lua, snapshot, why.holders)
        return 1
    }

    nonisolated(unsafe) static let method = LuaFunction(
        "snapshot:holders", [SnapshotObject.receiver] + parameters, returns: results,
        "Lists what kept a namespace alive when the snapshot was taken", details: details,
        example: "local s = ns.scan{types=\"uts\"}\nassert(#s:holders(\"self\", \"uts\") >= 1)"
    ) { call throws(LuaError) in
        let snapshot = try call.receiver(SnapshotObject.self).snapshot
        let subject = try call[1].subject(call[2], in: snapshot)
        push(call.lua, snapshot, snapshot.why(subject).holders)
        return 1
    }

    /// Looks for what the arguments of ns.holders and ns.why are about.
    static func ask(_ call: LuaCall) throws(LuaError) -> (Snapshot, Why) {
        let subject = try call[0].subject(call[1])
        let options = ScanFunction.read(call[2], defaults: .directed(at: subject.type))
        return try kernel { () throws(Failure) in
            // The scan first: what has died meanwhile is dead.
            let snapshot = try Scan.takeVisibly(options)
            return (snapshot, snapshot.why(subject, life: try call[0].object(WeakObject.self)?.reference.state()))
        }
    }

    /// Pushes holders of a snapshot's namespace.
    static func push(_ lua: Lua, _ snapshot: Snapshot, _ holders: [Holder]) {
        lua.push(list: holders) { holder in
            let mount = holder.mountNamespace.map { NamespaceKey(.mnt, $0).link }
            lua.push([
                ("kind", .string(holder.kind.rawValue)), ("certain", .boolean(holder.isCertain)),
                ("pid", holder.pid.map { .integer(Int($0)) }), ("tid", holder.tid.map { .integer(Int($0)) }),
                ("fd", holder.descriptor.map { .integer(Int($0)) }), ("path", holder.knownPath.map { .bytes($0) }),
                ("mnt", mount.map { .string($0) }), ("namespace", holder.namespace.map { .string($0.link) }),
                ("detail", holder.detail.map { .string($0) }), ("text", .string(snapshot.text(of: holder))),
                ("release", snapshot.release(of: holder).map { .string($0) }),
            ])
        }
        lua.state.pushMetatable(lua, named: "holders")
        lua.setMetatable(-2)
    }

    /// Declares the metatable.
    static func declare(_ state: LuaState) {
        state.declareTable("holders") { holders in
            var lines: [String] = []
            let left = holders.forEachRecord { lines.append(($0.isTrue("certain") ? "" : "perhaps ") + ($0.string("text") ?? "")) }
            if let left = TableReader.left(left) { lines.append(left) }
            return lines.isEmpty ? "no holder" : lines.joined(separator: "\n")
        }
    }
}

extension LuaValue {
    /// The namespace that a checked argument is about: on this machine, or in a snapshot, which may be another's.
    func subject(_ type: LuaValue, in snapshot: Snapshot? = nil) throws(LuaError) -> Subject {
        if let weak = object(WeakObject.self) { return Subject(weak.reference) }
        let target = try target()
        return try kernel { () throws(Failure) in
            if let snapshot { return try snapshot.subject(target, type.namespaceType) }
            return try Subject(target, type.namespaceType)
        }
    }
}
