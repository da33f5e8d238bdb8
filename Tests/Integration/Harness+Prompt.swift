import CLinux
import Glibc
import Testing

/// nssh's prompt on a terminal, typed at.
extension Running {
    /// What the prompt shows.
    static let sign = "nssh> "

    /// The prompt, up and waiting.
    static func prompt(
        _ identity: Identity = Identity.available[0], _ arguments: [String] = [], environment: [String: String?] = [:]
    ) -> Running {
        var environment = environment
        // Without bracketed paste and colours, what is drawn is what is said.
        for (name, value) in [
            "INPUTRC": "/dev/null", "TERM": "dumb", "XDG_STATE_HOME": "relative/is/ignored", "XDG_CONFIG_HOME": "relative/is/ignored",
            "HOME": "/dev/null",
        ] where environment[name] == nil { environment[name] = value }
        let running = Running(Start(arguments: arguments, identity: identity, input: .terminal, environment: environment))
        running.expect(sign)
        return running
    }

    /// Types a line and waits for `sign` after its echo; what came between.
    @discardableResult
    func enter(_ line: String, until sign: String = sign, sourceLocation: SourceLocation = #_sourceLocation) -> String {
        let from = stdout.count
        type(line + "\r")
        // The echo of the line first: the next prompt is only after it.
        let echoed = expect("\n", from: from, sourceLocation: sourceLocation)
        let end = expect(sign, from: echoed, sourceLocation: sourceLocation)
        return String(decoding: stdout[echoed..<max(echoed, end - sign.utf8.count)], as: UTF8.self)
    }

    /// ^D, and a good end.
    func leave(sourceLocation: SourceLocation = #_sourceLocation) {
        type("\u{4}")
        let result = end(timeout: 10, sourceLocation: sourceLocation)
        #expect(result.status == 0, sourceLocation: sourceLocation)
    }
}

/// The modes of a terminal. termios(3).
struct Modes: Equatable, CustomStringConvertible {
    var input, output, control, local: tcflag_t

    init(_ running: Running) {
        var modes = termios()
        tcgetattr(running.output, &modes)
        (input, output, control, local) = (modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag)
    }

    var description: String { "\(input) \(output) \(control) \(local)" }
}
