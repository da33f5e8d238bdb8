import CLinux
import Glibc
import Linux

/// Threads that are not where their process is, or have descriptors of their own: unshare(2) and setns(2) change a single thread.
extension Scan {
    /// - Returns: the number of threads beside the first ones.
    func lookThroughTasks() throws(Failure) -> Int {
        var looked = 0
        for index in snapshot.processes.indices {
            try pause(.tasks, index, snapshot.processes.count)
            let process = snapshot.processes[index]
            if process.threads == 1 { continue }
            let path = "\(numbers[index])/task"
            // Two links, and one for each thread, are cheaper to see than to list.
            var file = nssh_file()
            if process.threads == 0, nssh_look_at(Proc.root, path, &file) == 0, file.links <= 3 { continue }
            let directory = nssh_openat(Proc.root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
            if directory < 0 {
                note(unreadable: "/proc/\(path)", pid: process.pid, .last, in: .tasks)
                continue
            }
            var threads: [Int32] = []
            let errno = entries.read(directory) { number, _ in if number != numbers[index] { threads.append(number) } }
            close(directory)
            if let errno { note(unreadable: "/proc/\(path)", pid: process.pid, errno, in: .tasks) }
            looked += threads.count
            for thread in threads where !look(at: thread, of: index) { break }
        }
        return looked
    }

    /// - Returns: false when the kernel does not let nssh look at the process's threads.
    private func look(at thread: Int32, of index: Int) -> Bool {
        let directory = "\(numbers[index])/task/\(thread)"
        guard links.read(numbers[index], task: thread) else { return true }
        let places = snapshot.places[(index * LinkReader.count)..<((index + 1) * LinkReader.count)]
        if let refusal = links.refusal {
            guard faccessat(Proc.root, directory, F_OK, 0) == 0 else { return true }
            // What was refused for the process has been noted.
            if places.contains(where: { $0 >= 0 }) {
                note(unreadable: "/proc/\(directory)/ns", pid: snapshot.processes[index].pid, refusal, in: .tasks)
            }
            return false
        }
        let unbornLink = LinkReader.pidForChildren
        if links.inodes[unbornLink] == 0, links.inodes[NamespaceType.pid.ordinal] != 0, links.inodes[NamespaceType.uts.ordinal] != 0 {
            links.inodes[unbornLink] = unborn("/proc/\(directory)", thread) { nssh_pidfd_open_thread($0) } ?? 0
        }
        for (link, place) in places.enumerated() where links.inodes[link] != 0 {
            if place >= 0, self[place].key.inode == links.inodes[link] { continue }
            var holder = Holder(.thread)
            holder.pid = snapshot.processes[index].pid
            holder.tid = Proc.pid(at: thread)
            if link >= NamespaceType.allCases.count { holder.link = link }
            note(holder, of: NamespaceKey(LinkReader.types[link], links.inodes[link]))
        }
        lookAtDescriptors(of: thread, of: index)
        return true
    }

    /// Keeps a thread for the looks at descriptors if it has its own, by unshare(2) with CLONE_FILES, or by outliving the first thread.
    private func lookAtDescriptors(of thread: Int32, of index: Int) {
        let others = (snapshot.processes[index].isZombie ? [] : [numbers[index]]) + (threadsWithDescriptors[index] ?? [])
        for other in others {
            // What the kernel does not tell is taken as the usual.
            guard let a = Proc.pid(at: thread), let b = Proc.pid(at: other), nssh_shares_descriptors(a, b) == 0 else { return }
        }
        threadsWithDescriptors[index, default: []].append(thread)
    }
}
