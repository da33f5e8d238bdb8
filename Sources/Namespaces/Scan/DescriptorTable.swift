import CLinux
import Linux

/// Descriptors that belong together: those of a process, or of one of its threads that has its own.
struct DescriptorTable: Equatable {
    /// The process's index in the snapshot.
    var process: Int
    /// The thread, by its number in /proc; nil for what a process's first thread has.
    var thread: Int32?
}

extension Scan {
    /// The tables of a process, in the order in which they were found. What has ended has none.
    func descriptorTables(of index: Int) -> [DescriptorTable] {
        let first = snapshot.processes[index].isZombie ? [] : [DescriptorTable(process: index)]
        return first + (threadsWithDescriptors[index] ?? []).map { DescriptorTable(process: index, thread: $0) }
    }

    /// The directory below /proc that has `fd` and `fdinfo` of a table.
    func directory(of table: DescriptorTable) -> String {
        table.thread.map { "\(numbers[table.process])/task/\($0)" } ?? String(numbers[table.process])
    }

    /// A holder that is a descriptor, or behind one.
    func holder(_ kind: Holder.Kind, _ number: Int32, of table: DescriptorTable) -> Holder {
        var holder = Holder(kind)
        holder.pid = snapshot.processes[table.process].pid
        holder.tid = table.thread.flatMap { Proc.pid(at: $0) }
        holder.descriptor = number
        return holder
    }

    /// A pidfd for copies of a table's descriptors; -1 with errno. pidfd_open(2)
    func openPidfd(of table: DescriptorTable) -> Int32 {
        guard let thread = table.thread else { return nssh_pidfd_open(snapshot.processes[table.process].pid) }
        return nssh_pidfd_open_thread(Proc.pid(at: thread) ?? 0)
    }
}
