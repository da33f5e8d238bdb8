import Linux

/// A holder in words, and how to let go of it.
extension Snapshot {
    /// What it is, fit for a terminal, as a part of a sentence after "held by": `process 28481 (sleep), which is in it`.
    public func text(of holder: Holder) -> String {
        let owner = holder.pid.map { words(forProcess: $0) } ?? "a process"
        let thread = holder.tid.map { "thread \($0) of \(owner)" } ?? owner
        let number = holder.descriptor.map { "descriptor \($0) of \(thread)" } ?? owner
        let text =
            switch holder.kind {
            case .process: "\(owner), which is in it"
            case .thread: "\(thread), which is in it"
            case .for_children: "\(owner), whose next children will be in it"
            case .zombie: "zombie \(holder.pid ?? 0)\(reaper(of: holder.pid).map { ", until \(words(forProcess: $0)) reaps it" } ?? "")"
            case .descriptor: number
            case .mount: "the bind mount \(place(of: holder))"
            case .socket: "a socket, \(number)"
            case .tun: "a tun device, \(number)"
            case .child: "its child \(holder.namespace?.link ?? "")"
            case .owned: "\(holder.namespace?.link ?? ""), which it owns"
            case .procfs: "the procfs \(place(of: holder))"
            case .in_flight: "a descriptor in a message that waits in a socket, \(number)"
            case .io_uring: "a file registered with an io_uring, \(number)"
            case .proc_file, .cgroup_file: "\(place(of: holder)), \(number)"
            case .fs_context: "a filesystem that is being set up, fsopen(2), \(number)"
            case .shared_memory: "System V shared memory mapped by \(owner)"
            case .pidfd: "the pidfd of a process that is gone, \(number)"
            }
        return holder.detail.map { "\(text) (\(TextEscape.escape($0.utf8, as: .line)))" } ?? text
    }

    /// What lets go of it: a command for a shell where there is one, otherwise words. Nil for a child or an owned namespace, which
    /// has holders of its own, for a mount whose mnt namespace has no process: that has to go first; and for one that only a file tells of.
    public func release(of holder: Holder) -> String? {
        switch holder.kind {
        case .child, .owned: return nil
        case .mount, .procfs:
            guard let path = holder.knownPath, let word = PlanCommand.shown(path) else { return nil }
            let umount = "umount \(word)"
            var command = umount
            if let number = holder.mountNamespace, number != mountNamespace {
                guard let member = member(of: NamespaceKey(.mnt, number)) else { return nil }
                command = "nssh enter \(member) -mU -- \(umount)"
            }
            return holder.isCovered ? "umount what covers \(place(of: holder)), then \(command)" : command
        case .zombie:
            guard let pid = holder.pid else { return nil }
            guard let parent = reaper(of: pid) else { return "its parent, which is out of sight, has to reap \(pid)" }
            if parent == ownPid { return "wait for process \(pid) in this nssh" }
            return parent == 1 ? "\(words(forProcess: 1)) has to reap \(pid)" : "kill \(parent)  # or let it reap \(pid)"
        case .descriptor, .socket, .tun, .in_flight, .io_uring, .proc_file, .cgroup_file, .fs_context, .pidfd:
            if let number = holder.descriptor, holder.pid == ownPid { return "close descriptor \(number) of this nssh" }
        case .process, .thread, .for_children, .shared_memory: break
        }
        guard let pid = holder.pid else { return nil }
        if pid == ownPid { return "end this nssh" }
        // No signal surely ends the init of one's own pid namespace, and the machine's is not to be ended.
        if pid == 1 { return "\(words(forProcess: 1)) has to let go of it" }
        // A PID 1 without a handler does not get SIGTERM.
        return isInit(pid) ? "kill -9 \(pid)" : "kill \(pid)"
    }

    /// `process 28481 (sleep)`, `this nssh`.
    public func words(forProcess pid: Int32) -> String {
        if pid == ownPid { return "this nssh" }
        return
            "process \(pid)\(process(pid: pid).flatMap({ processes[$0].name }).map { " (\(TextEscape.escape($0.utf8, as: .line)))" } ?? "")"
    }

    /// A process that is in a namespace; nil when there is none.
    func member(of key: NamespaceKey) -> Int32? {
        guard let position = position(of: key), let link = Inspect.links.firstIndex(of: key.type.rawValue) else { return nil }
        return processes.indices.first { places[$0 * Inspect.links.count + link] == position && !processes[$0].isZombie }
            .map { processes[$0].pid }
    }

    private func reaper(of pid: Int32?) -> Int32? {
        pid.flatMap { process(pid: $0) }.map { processes[$0].parent }.flatMap { $0 > 0 ? $0 : nil }
    }

    private func place(of holder: Holder) -> String {
        let mount = holder.mountNamespace == mountNamespace ? nil : holder.mountNamespace.map { NamespaceKey(.mnt, $0) }
        return TextEscape.escape(holder.path ?? [], as: .line) + (mount.map { " in \($0.link)" } ?? "")
            + (holder.isHearsay ? Holder.hearsayMark : "")
    }

    /// Whether a process is PID 1 of a pid namespace below nssh's own: with it all processes of that namespace end.
    func isInit(_ pid: Int32) -> Bool {
        process(pid: pid).map { processes[$0].innerPids.count > 1 && processes[$0].innerPids.last == 1 } ?? false
    }
}
