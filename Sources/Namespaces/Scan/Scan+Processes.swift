import CLinux
import Glibc
import Linux

/// The links below /proc/PID/ns of every process, and who the process is.
extension Scan {
    /// - Returns: the number of processes.
    func lookThroughProcesses() throws(Failure) -> Int {
        let found = try allNumbers()
        snapshot.processes.reserveCapacity(found.count)
        snapshot.places.reserveCapacity(found.count * LinkReader.count)
        numbers.reserveCapacity(found.count)
        var common = CommonLinks(links, Proc.own)
        for (done, number) in found.enumerated() {
            try pause(.processes, done, found.count)
            look(at: number, &common)
        }
        if Proc.level > 0 { translatePids() }
        return snapshot.processes.count
    }

    /// The numbers of all processes in /proc, in ascending order.
    private func allNumbers() throws(Failure) -> [Int32] {
        let directory = try Proc.open(".", flags: O_RDONLY | O_DIRECTORY)
        var numbers: [Int32] = []
        if let errno = entries.read(directory.raw, { number, _ in numbers.append(number) }) {
            throw Failure("getdents64", errno, target: "/proc")
        }
        // The kernel gives them in order; a process that came meanwhile may not be.
        return numbers.sorted()
    }

    /// What most processes have in common, so that they need no look-up: nssh's own namespaces, and those of the process before.
    private struct CommonLinks {
        /// nssh's own; 0 once the first process in it has been named.
        let own: [UInt64]
        var unnamed: [Bool]
        var inodes = [UInt64](repeating: 0, count: LinkReader.count)
        var places = [Int32](repeating: -1, count: LinkReader.count)

        init(_ links: LinkReader, _ number: Int32) {
            let isThere = links.read(number)
            own = (0..<LinkReader.count).map { isThere ? links.inodes[$0] : 0 }
            unnamed = own.map { $0 != 0 }
        }

        /// Whether the process whose links were read is in a namespace that is not nssh's, or is the first in one.
        mutating func isSpecial(_ links: LinkReader) -> Bool {
            var isSpecial = false
            for link in 0..<LinkReader.count {
                if links.inodes[link] != own[link] {
                    isSpecial = true
                } else if unnamed[link] {
                    unnamed[link] = false
                    isSpecial = true
                }
            }
            return isSpecial
        }

        /// Whether the process whose links were read has none where a living one has.
        func isMissing(_ links: LinkReader) -> Bool {
            (0..<LinkReader.count).contains { link in
                links.inodes[link] == 0 && own[link] != 0 && link != LinkReader.pidForChildren && !LinkReader.isOfZombies(link)
            }
        }
    }

    private func look(at number: Int32, _ common: inout CommonLinks) {
        guard links.read(number) else { return }
        if let refusal = links.refusal {
            // Of a process that ends in the middle of the call, the kernel says EACCES too.
            guard faccessat(Proc.root, "\(number)", F_OK, 0) == 0 else { return }
            note(unreadable: "/proc/\(number)/ns", pid: Proc.pid(at: number), refusal, in: .processes)
        }
        var process = Snapshot.Process(number)
        if options.names || Proc.level > 0 || links.refusal == nil && common.isSpecial(links) {
            guard let known = status.read(number) else { return }
            process = known
        }
        if links.refusal == nil { settle(number, &process, common) }
        let first = Int32(snapshot.places.count)
        for link in 0..<LinkReader.count {
            let inode = links.inodes[link]
            if inode != common.inodes[link] {
                common.inodes[link] = inode
                common.places[link] = inode == 0 ? -1 : position(of: NamespaceKey(LinkReader.types[link], inode))
                if inode != 0, firsts[Int(common.places[link])] < 0 { firsts[Int(common.places[link])] = first + Int32(link) }
            }
            snapshot.places.append(common.places[link])
        }
        snapshot.processes.append(process)
        numbers.append(number)
    }

    /// What the links leave open: a process that has ended has let go of all but two, in the middle of the look perhaps; and a pid namespace
    /// without a process has no link.
    private func settle(_ number: Int32, _ process: inout Snapshot.Process, _ common: CommonLinks) {
        // It loses them a moment before the kernel calls it a zombie.
        process.isZombie = process.isZombie || common.isMissing(links)
        if process.isZombie {
            for link in 0..<LinkReader.count where !LinkReader.isOfZombies(link) { links.inodes[link] = 0 }
        } else if links.inodes[LinkReader.pidForChildren] == 0, options.types.contains(.pid) {
            links.inodes[LinkReader.pidForChildren] = unborn("/proc/\(number)", number) { nssh_pidfd_open($0) } ?? 0
            process.hasUnborn = links.inodes[LinkReader.pidForChildren] != 0
        }
    }

    /// The inode number of a pid namespace in which the next child of a process or thread will be the first.
    /// PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE
    func unborn(_ directory: String, _ number: Int32, _ open: (Int32) -> Int32) -> UInt64? {
        let target = directory + "/ns/pid_for_children"
        guard let pid = Proc.pid(at: number), case let pidfd = open(pid), pidfd >= 0 else { return nil }
        defer { close(pidfd) }
        let raw = nssh_pidfd_children_pid_namespace(pidfd)
        if raw < 0 {
            // Before Linux 6.11 there is no such request.
            note(unreadable: target, pid: pid, .last, in: .processes)
            return nil
        }
        guard let handle = try? NamespaceHandle(Descriptor(raw), target: target) else { return nil }
        relate(handle)
        return handle.inode
    }

    /// Where /proc counts in an outer pid namespace, nssh knows its processes by other numbers, and some not at all.
    private func translatePids() {
        let level = Proc.level
        var pids: [Int32: Int32] = [:]
        var kept: [(pid: Int32, index: Int)] = []
        for (index, process) in snapshot.processes.enumerated() {
            // What is in another namespace at that level has a number there too.
            guard process.innerPids.count > level, case let pid = process.innerPids[level], Proc.isKnown(pid, as: numbers[index]) else {
                let errno = Errno(rawValue: ESRCH)
                let target = "/proc/\(numbers[index])"
                snapshot.unreadable.append(Snapshot.Unreadable(source: .processes, target: target, pid: nil, errno: errno))
                continue
            }
            pids[numbers[index]] = pid
            kept.append((pid, index))
        }
        kept.sort { $0.pid < $1.pid }
        let (processes, places, numbers) = (snapshot.processes, snapshot.places, numbers)
        snapshot.processes = kept.map { pid, index in
            var process = processes[index]
            process.pid = pid
            process.innerPids = process.innerPids.count > level + 1 ? Array(process.innerPids[level...]) : []
            process.parent = pids[process.parent] ?? 0
            return process
        }
        snapshot.places = kept.flatMap { places[($0.index * LinkReader.count)..<(($0.index + 1) * LinkReader.count)] }
        self.numbers = kept.map { numbers[$0.index] }
        for position in firsts.indices { firsts[position] = -1 }
        for (index, place) in snapshot.places.enumerated() where place >= 0 && firsts[Int(place)] < 0 { firsts[Int(place)] = Int32(index) }
    }
}
