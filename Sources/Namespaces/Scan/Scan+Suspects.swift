import Linux

/// What may keep a namespace and does not tell which.
extension Scan {
    /// A pidfd of a process that has been reaped: it keeps the pid namespaces that the process had a number in.
    func lookAtPidfd(_ file: OpenFile) {
        guard options.types.contains(.pid), Proc.words(in: fdinfo(of: file), "Pid") == ["-1"] else { return }
        suspect(file, .pidfd, [.pid])
    }

    /// System V shared memory keeps the ipc namespace in which it was mapped, wherever the process has gone since. shmat(2)
    func lookAtMappings(of index: Int) {
        guard let maps = try? Proc.read("\(numbers[index])/maps") else { return }
        var ids: [String] = []
        for line in maps.split(separator: 10) {
            // Address, permissions, offset, device, inode, which is the shared memory's id, path.
            let fields = line.split(separator: 32, maxSplits: 5)
            guard fields.count == 6, fields[5].drop(while: { $0 == 32 }).starts(with: "/SYSV".utf8) else { continue }
            ids.appendNew(Array(fields[4]).lossy)
        }
        if ids.isEmpty { return }
        var holder = Holder(.shared_memory)
        holder.pid = snapshot.processes[index].pid
        holder.remark = "shmid " + ids.shortened(to: 3)
        suspect(holder, [.ipc])
    }
}
