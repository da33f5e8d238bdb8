import CHarness
import Glibc

extension Running {
    /// A small environment of its own, with the marker that everything in the run inherits.
    static func environment(_ start: Start, _ marker: String) -> [String] {
        var variables: [String: String] = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": Place.directory,
            "TMPDIR": Place.directory, "LC_ALL": "C", "TERM": "xterm", "SHELL": "/bin/bash", "NSSH": Place.program,
            "NSSH_TEST_RUN": marker,
        ]
        for (name, value) in start.environment { variables[name] = value }
        return variables.map { "\($0.key)=\($0.value)" }
    }

    /// Starts a program; see `harness_spawn`.
    static func spawn(
        _ words: [String], environment: [String], streams: [Int32], terminal: String?, directory: String
    ) -> Int32 {
        let argv = words.map { strdup($0) } + [nil]
        let envp = environment.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        let pid = harness_spawn(argv, envp, streams, terminal, directory)
        precondition(pid > 0, "posix_spawn \(words[0]): \(String(cString: strerror(-pid)))")
        return pid
    }

    /// A new pseudo-terminal: our side, and the name of the other.
    static func openTerminal() -> (descriptor: Int32, name: String) {
        var name = [CChar](repeating: 0, count: 64)
        let descriptor = harness_open_terminal(&name, UInt(name.count))
        precondition(descriptor >= 0, "posix_openpt")
        return (descriptor, String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}
