import CLinux
import Glibc
import Linux

/// A mnt namespace that a scan looks into, and the ways into it.
struct MountNamespace {
    /// Its inode number.
    var inode: UInt64
    /// Processes in it, by their numbers in /proc; a few are enough.
    var processes: [Int32] = []
    /// It itself, where nssh has come to it without a process.
    var descriptor: Descriptor?

    /// Opens what is mounted at a path there, with O_PATH.
    ///
    /// - Parameter accepts: whether that is what was expected. By now something else may be there, and a process may have another
    ///   root: then the next way is tried.
    func open(_ path: [UInt8], _ accepts: (Descriptor) -> Bool) -> Descriptor? {
        guard let path = try? path.cString("open") else { return nil }
        for process in processes {
            guard let root = try? Proc.open("\(process)/root", flags: nssh_o_path | O_DIRECTORY) else { continue }
            let raw = nssh_open_mount_point(root.raw, path, nssh_o_path)
            if raw < 0 { continue }
            let file = Descriptor(raw)
            if accepts(file) { return file }
        }
        guard let descriptor else { return nil }
        let raw = nssh_open_in_mntns(descriptor.raw, path, nssh_o_path)
        if raw < 0 { return nil }
        let file = Descriptor(raw)
        return accepts(file) ? file : nil
    }
}
