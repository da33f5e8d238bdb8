import CLinux
import Glibc
import Linux

/// A copy of nssh that stays outside of the user namespace that nssh enters, and maps it.
struct Mapper {
    private let pid: Int32
    private let go: Descriptor
    private let said: Descriptor

    /// Starts it; it waits.
    init(_ mappings: [Mapping]) throws(Failure) {
        let name = try Proc.name(of: getpid())
        let word = try Descriptor.pipe()
        let answer = try Descriptor.pipe()
        var launch = Launch()
        launch.shares = false
        launch.steps = [Step(.dieWithParent(pidfd: try Children.parentPidfd()))]
        switch try launch.run() {
        case .parent(let child, _):
            pid = child
            go = word.write
            said = answer.read
        case .child:
            word.write.close()
            if (try? word.read.read(1))?.isEmpty == false {
                do throws(Failure) { for mapping in mappings { try mapping.perform(name) } } catch {
                    try? answer.write.writeAll(Array(error.message.utf8))
                }
            }
            _exit(0)
        }
    }

    /// Lets it map, and waits for it.
    func finish() throws(Failure) {
        try go.writeAll([0])
        let text = try said.readStream().lossy
        while waitpid(pid, nil, 0) < 0, nssh_errno() == EINTR {}
        if !text.isEmpty { throw Failure(code: "EPERM", text, stage: "map ids", target: "nssh") }
    }
}
