import CLinux
import Glibc
import Linux

extension Process {
    /// Kills what a copy of nssh has started, group by group: it cannot do that itself any more when it is killed.
    ///
    /// It is stopped first, so that nothing is added and no number becomes another's.
    ///
    /// - Returns: the groups, which nssh adopts, and has to reap, when the copy has ended.
    func killGroupsBelow() -> [Int32] {
        var info = siginfo_t()
        guard nssh_pidfd_send_signal(pidfd.raw, SIGSTOP) == 0 else { return [] }
        nssh_wait_pidfd(pidfd.raw, &info, WSTOPPED | WEXITED | WNOWAIT)
        guard let name = try? Proc.name(of: pid, pidfd) else { return [] }
        return Process.killGroups(below: name)
    }

    private static func killGroups(below name: String) -> [Int32] {
        guard let list = try? Proc.read("\(name)/task/\(name)/children").lossy else { return [] }
        var groups: [Int32] = []
        for child in list.split(separator: " ") {
            groups += killGroups(below: String(child))
            guard let pid = Int32(child).flatMap(Proc.pid(at:)) else { continue }
            _ = Glibc.kill(-pid, SIGKILL)
            groups.append(pid)
        }
        return groups
    }
}
