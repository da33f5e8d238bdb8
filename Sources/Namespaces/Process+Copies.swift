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
        Process.killGroups(below: pid)
    }

    private static func killGroups(below pid: Int32) {
        guard let list = try? Proc.read("\(pid)/task/\(pid)/children") else { return }
        for child in list.split(separator: UInt8(ascii: " ")).compactMap({ Int32(String(decoding: $0, as: UTF8.self)) }) {
            killGroups(below: child)
            _ = Glibc.kill(-child, SIGKILL)
        }
    }
}
