import CLinux
import Glibc
import Linux

extension Process {
    /// Kills what a copy of nssh has started, group by group: it cannot do that itself any more when it is killed.
    ///
    /// It is stopped first, so that nothing is added and no number becomes another's.
    func killGroupsBelow() {
        var info = siginfo_t()
        guard nssh_pidfd_send_signal(pidfd.raw, SIGSTOP) == 0 else { return }
        nssh_wait_pidfd(pidfd.raw, &info, WSTOPPED | WEXITED | WNOWAIT)
        if let name = try? Proc.name(of: pid, pidfd) { Process.killGroups(below: name) }
    }

    private static func killGroups(below name: String) {
        guard let list = try? Proc.read("\(name)/task/\(name)/children").lossy else { return }
        for child in list.split(separator: " ") {
            killGroups(below: String(child))
            if let pid = Int32(child).flatMap(Proc.pid(at:)) { _ = Glibc.kill(-pid, SIGKILL) }
        }
    }
}
