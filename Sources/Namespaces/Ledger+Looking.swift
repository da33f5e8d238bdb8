import CLinux
import Glibc
import Linux

extension Ledger {
    /// All things of a kind.
    mutating func look(_ kind: Kind, _ mounts: () throws(Failure) -> [Mount]) throws(Failure) -> [Item] {
        switch kind {
        case .process: return try lookAtProcesses()
        case .mount:
            return try mounts().filter { $0.type != "nsfs" }
                .map { Item(kind: .mount, name: "\($0.target.shown) (\($0.type), mount \($0.id))", identity: $0.identity) }
        case .pin:
            return try mounts().filter { $0.type == "nsfs" }
                .map { Item(kind: .pin, name: "\($0.target.shown) (\($0.root.shown))", identity: $0.identity) }
        case .link:
            return try Network.links().map { Item(kind: .link, name: "\($0.name.shown) (link \($0.index))", identity: .link($0.index)) }
        case .queue: return systemV() + queues(try mounts())
        case .cgroup: return cgroups(try mounts())
        case .descriptor: return try descriptors()
        }
    }

    private mutating func lookAtProcesses() throws(Failure) -> [Item] {
        var items: [Item] = []
        for pid in try Proc.pids() {
            guard let entry = Ledger.entry(pid) else { continue }
            processes[pid] = entry
            let name = "\(pid) \(entry.name) (\(entry.isZombie ? "zombie, " : "")started \(entry.start))"
            items.append(Item(kind: .process, name: name, identity: .process(pid: pid, start: entry.start)))
        }
        return items
    }

    /// Fields of /proc/PID/stat; nil when the process is gone. proc_pid_stat(5).
    static func entry(_ pid: Int32) -> ProcessEntry? {
        guard let (name, fields) = Proc.stat(pid), fields.count > 19, let parent = Int32(fields[1]), var group = Int32(fields[2]),
            var session = Int32(fields[3]), let start = UInt64(fields[19])
        else { return nil }
        // In a pid namespace below that of /proc, nssh's children have other numbers there than those that nssh knows them by.
        if Proc.level > 0 {
            let isKnown = Proc.pid(at: pid) != nil
            let status = isKnown ? (try? Proc.read("\(pid)/status")) ?? [] : []
            group = Ledger.number("NSpgid", status)
            session = Ledger.number("NSsid", status)
        }
        let flags = UInt64(fields[6]) ?? 0
        let (exiting, isKernelThread) = (flags & 4, flags & 0x20_0000 != 0) // PF_EXITING, PF_KTHREAD
        let killed = fields.count > 28 ? (UInt64(fields[28]) ?? 0) & (1 << 8) : 0
        return ProcessEntry(
            parent: parent, group: group, session: session, start: start, name: isKernelThread ? "[\(name)]" : name,
            isZombie: fields[0] == "Z", isDead: fields[0] == "Z" || exiting != 0 || killed != 0)
    }

    /// A number of /proc/PID/status at the level of nssh's own pid namespace; 0 where there is none.
    private static func number(_ name: String, _ status: [UInt8]) -> Int32 {
        let numbers = Proc.words(in: status, name)
        return Proc.level < numbers.count ? Int32(numbers[Proc.level]) ?? 0 : 0
    }

    /// What nssh keeps for later launches is no trace of anything; the descriptor of the listing itself is closed again when its link is
    /// read.
    private func descriptors() throws(Failure) -> [Item] {
        let kept = Launcher.keptDescriptors + Children.keptDescriptors + Home.keptDescriptors
        return try Proc.entries(of: "self/fd").compactMap { name in
            guard let number = Int32(name), !kept.contains(number), let link = try? Proc.link("self/fd/\(name)") else { return nil }
            return Item(kind: .descriptor, name: "\(name) (\(link))", identity: .descriptor(number, link))
        }
    }

    /// System V IPC of nssh's ipc namespace. sysvipc(7)
    private func systemV() -> [Item] {
        var items: [Item] = []
        for (file, what) in [("msg", "message queue"), ("sem", "semaphore set"), ("shm", "shared memory")] {
            guard let bytes = try? Proc.read("sysvipc/\(file)") else { continue }
            for line in bytes.split(separator: 10).dropFirst() {
                let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
                guard fields.count > 1 else { continue }
                let name = "\(what) \(fields[1]) (key \(fields[0]))"
                items.append(Item(kind: .queue, name: name, identity: .systemV(file, id: fields[1], key: fields[0])))
            }
        }
        return items
    }

    /// The POSIX message queues of nssh's ipc namespace: by a file system of its own that is mounted nowhere, else, without the power to
    /// make one, where one is mounted. mq_overview(7)
    private mutating func queues(_ mounts: [Mount]) -> [Item] {
        var directories: [Descriptor] = []
        let detached = Descriptor(nssh_open_mqueue())
        if detached.isOpen {
            directories = [detached]
        } else {
            for mount in mounts where mount.type == "mqueue" {
                if let directory = try? Descriptor.open(mount.target, flags: O_RDONLY | O_DIRECTORY) {
                    directories.append(directory)
                }
            }
            if directories.isEmpty { unreadable.append("queue: POSIX message queues: no mqueue file system is mounted") }
        }
        var items: [Identity: Item] = [:]
        for directory in directories {
            for (name, identity) in Ledger.files(in: directory, directoriesOnly: false) {
                items[identity] = Item(kind: .queue, name: "POSIX message queue /\(name.shown)", identity: identity)
            }
        }
        return Array(items.values)
    }

    /// The directories of all cgroup hierarchies.
    private mutating func cgroups(_ mounts: [Mount]) -> [Item] {
        var items: [Item] = []
        for mount in mounts where mount.type == "cgroup" || mount.type == "cgroup2" {
            var pending = [mount.target]
            while let path = pending.popLast(), items.count < 100_000 {
                guard let directory = try? Descriptor.open(path, flags: O_RDONLY | O_DIRECTORY) else {
                    unreadable.append("cgroup: \(path.shown)")
                    continue
                }
                for (name, identity) in Ledger.files(in: directory, directoriesOnly: true) {
                    let below = path + [UInt8(ascii: "/")] + name
                    items.append(Item(kind: .cgroup, name: below.shown, identity: identity))
                    pending.append(below)
                }
            }
        }
        return items
    }

    /// The files of a directory, each with what tells it from others.
    private static func files(in directory: Descriptor, directoriesOnly: Bool) -> [(name: [UInt8], identity: Identity)] {
        guard let copy = try? directory.duplicate(), let names = try? copy.names(directoriesOnly: directoriesOnly) else { return [] }
        return names.compactMap { name in
            var info = stat()
            guard let text = try? name.cString("fstatat"), fstatat(directory.raw, text, &info, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
            return (name, .file(device: UInt64(info.st_dev), inode: UInt64(info.st_ino)))
        }
    }
}

extension Mount {
    fileprivate var identity: Ledger.Identity { .mount(id: id, parent: parent, device: device, root: root) }
}
