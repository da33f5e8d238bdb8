import CLinux
import Glibc
import Linux

/// The links below /proc/PID/ns of every process, and who the process is.
extension Scan {
    /// The types of `Inspect.links`.
    private static let linkTypes = NamespaceType.allCases + [.pid, .time]

    /// - Returns: the number of processes.
    func lookThroughProcesses() throws(Failure) -> Int {
        let numbers = try Proc.pids()
        snapshot.processes.reserveCapacity(numbers.count)
        snapshot.places.reserveCapacity(numbers.count * Inspect.links.count)
        for (done, number) in numbers.enumerated() {
            try pause(.processes, done, numbers.count)
            look(at: number)
        }
        return snapshot.processes.count
    }

    private func look(at number: Int32) {
        let raw = nssh_openat(Proc.root, "\(number)/ns", nssh_o_path | O_DIRECTORY | O_CLOEXEC, 0)
        if raw < 0 { return note(unreadable: "/proc/\(number)/ns", pid: number, .last, in: .processes) }
        defer { close(raw) }
        let first = snapshot.places.count
        var refusal: Errno?
        var isThere = false
        for (link, name) in Inspect.links.enumerated() {
            var place: Int32 = -1
            if options.types.contains(Scan.linkTypes[link]) {
                switch Inspect.look(name, below: raw) {
                case .inode(let inode): place = position(of: NamespaceKey(Scan.linkTypes[link], inode))
                case .refused(let errno): if errno.rawValue != ENOENT { refusal = refusal ?? errno }
                case .other: break
                }
            }
            isThere = isThere || place >= 0
            snapshot.places.append(place)
        }
        if let refusal { note(unreadable: "/proc/\(number)/ns", pid: number, refusal, in: .processes) }
        guard var process = identity(of: number) else {
            // It has gone meanwhile.
            snapshot.places.removeLast(snapshot.places.count - first)
            return
        }
        process.isZombie = process.isZombie && isThere
        snapshot.processes.append(process)
    }

    /// Who a process is; nil when it is gone. proc_pid_status(5)
    private func identity(of number: Int32) -> Snapshot.Process? {
        guard let text = try? Proc.read("\(number)/status") else { return nil }
        var process = Snapshot.Process(number)
        for line in text.split(separator: 10) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let words = { line[(colon + 1)...].split { $0 == 9 || $0 == 32 }.map { Array($0).lossy } }
            switch Array(line[..<colon]).lossy {
            case "Name": process.name = Array(line[(colon + 2)...]).lossy
            case "State": process.isZombie = words().first == "Z"
            case "PPid": process.parent = words().first.flatMap { Int32($0) } ?? 0
            case "Uid": process.uid = words().first.flatMap { UInt32($0) } ?? 0
            case "Threads": process.threads = words().first.flatMap { Int32($0) } ?? 0
            case "NSpid":
                let pids = words().compactMap { Int32($0) }
                if pids.count > 1 { process.innerPids = pids }
            default: break
            }
        }
        return process
    }
}
