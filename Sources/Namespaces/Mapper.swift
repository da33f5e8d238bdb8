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
        case .parent(let child, _, _, _):
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
        let text: String
        do throws(Failure) {
            try go.writeIgnoringEnd(0)
            text = try said.readStream().lossy
        } catch {
            _ = end()
            throw error
        }
        // One that was killed says nothing, and may have mapped nothing.
        let status = end()
        if !text.isEmpty { throw Failure(code: "EPERM", text, stage: "map ids", target: "nssh") }
        if status != 0 { throw Failure(code: "ENDED", "the child that maps the ids was killed", stage: "map ids", target: "nssh") }
    }

    /// Lets it end without mapping.
    func abandon() { _ = end() }

    /// Its wait status; without a word to go on it ends at once.
    private func end() -> Int32 {
        go.close()
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, nssh_errno() == EINTR {}
        return status
    }
}
