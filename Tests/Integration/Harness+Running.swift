import CLinux
import Glibc
import Testing

/// What a run is given.
struct Start {
    /// Where standard input comes from.
    enum Input { case null, data([UInt8]), pipe, terminal }

    var arguments: [String] = []
    /// nssh, if not given.
    var program: String?
    var identity = Identity.available[0]
    var input = Input.null
    /// Changes to the environment; nil removes.
    var environment: [String: String?] = [:]
    var directory: String?
}

/// A process that a test has started, in a session of its own. Its end is looked at closely: nothing of it may be left.
final class Running {
    let pid: Int32
    private let marker: String
    private let pidfd: Int32
    /// Our ends of its streams; -1 when closed. Of a terminal all three are one.
    private(set) var input, output, errors: Int32
    private(set) var stdout: [UInt8] = []
    private(set) var stderr: [UInt8] = []
    private var pending: [UInt8] = []
    private var closesInput = false
    private let started = now()
    private var outcome: Outcome?

    nonisolated(unsafe) private static var count = 0

    init(_ start: Start) {
        Running.count += 1
        marker = "\(getpid()).\(Running.count)"
        var theirs: [Int32] = [-1, -1, -1]
        (input, output, errors) = (-1, -1, -1)
        var terminal: String?
        switch start.input {
        case .terminal:
            let pty = Running.openTerminal()
            (input, output, terminal) = (pty.descriptor, pty.descriptor, pty.name)
        default:
            (output, theirs[1]) = Running.pipe()
            (errors, theirs[2]) = Running.pipe()
        }
        switch start.input {
        case .data(let bytes):
            (theirs[0], input) = Running.pipe()
            pending = bytes
            closesInput = true
        case .pipe: (theirs[0], input) = Running.pipe()
        case .null, .terminal: break
        }

        var words = [start.program ?? Place.program] + start.arguments
        if start.identity.isChange {
            words = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] + words
        }
        pid = Running.spawn(
            words, environment: Running.environment(start, marker), streams: theirs, terminal: terminal,
            directory: start.directory ?? "/")
        for descriptor in theirs where descriptor >= 0 { close(descriptor) }
        pidfd = nssh_pidfd_open(pid)
        for descriptor in [input, output, errors] where descriptor >= 0 {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    }

    deinit { if outcome == nil { _ = end(timeout: 0) } }

    /// Writes to its standard input.
    func type(_ text: String) { type(Array(text.utf8)) }

    /// Types bytes that are no text.
    func type(_ bytes: [UInt8]) {
        pending += bytes
        send()
    }

    /// Ends its standard input when all is written.
    func endInput() { closesInput = true }

    /// Sends it a signal.
    func kill(_ signal: Int32) { _ = Glibc.kill(pid, signal) }

    /// Waits until `text` has come on standard output (or the terminal) after `position`, and tells where it ends.
    @discardableResult
    func expect(
        _ text: String, from position: Int = 0, timeout: Double = 15, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Int {
        let deadline = now() + timeout
        let wanted = Array(text.utf8)
        while true {
            if let end = Running.find(wanted, in: stdout, from: position) { return end }
            if now() > deadline || !step(until: deadline) && output < 0 {
                Issue.record(
                    "\(text.debugDescription) did not come; got \(String(decoding: stdout, as: UTF8.self).debugDescription), \(String(decoding: stderr, as: UTF8.self))",
                    sourceLocation: sourceLocation)
                return stdout.count
            }
        }
    }

    /// Waits for its end and reaps it. When the time is up, all of it is killed and the test fails.
    func end(timeout: Double = 30, sourceLocation: SourceLocation = #_sourceLocation) -> Outcome {
        if let outcome { return outcome }
        let deadline = now() + timeout
        var late = false
        while !hasEnded {
            if now() > deadline {
                late = true
                for entry in leftovers { _ = Glibc.kill(entry.pid, SIGKILL) }
                break
            }
            _ = step(until: deadline)
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, nssh_errno() == EINTR {}
        let seconds = now() - started
        // What was written last; others that still have the pipe open are not waited for.
        while drain() {}
        for descriptor in Set([input, output, errors, pidfd]) where descriptor >= 0 { close(descriptor) }
        (input, output, errors) = (-1, -1, -1)
        let result = Outcome(status: status, stdout: stdout, stderr: stderr, seconds: seconds)
        outcome = result
        if late { Issue.record("not done after \(timeout) s: \(result)", sourceLocation: sourceLocation) }
        if !eventually(1.5, { leftovers.isEmpty }) {
            let left = leftovers
            Issue.record(
                "processes left behind: \(left.map(\.description).joined(separator: "; ")); \(result)", sourceLocation: sourceLocation)
            for entry in left { _ = Glibc.kill(entry.pid, SIGKILL) }
        }
        return result
    }

    /// What is there of it now.
    var leftovers: [ProcessEntry] { ProcessEntry.of(session: pid, marker: marker) }

    /// Its children.
    var children: [ProcessEntry] { leftovers.filter { $0.parent == pid } }

    private var hasEnded: Bool {
        var event = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        return poll(&event, 1, 0) == 1
    }

    /// Reads and writes what can be, waiting a little; false when there was nothing.
    private func step(until deadline: Double) -> Bool {
        var events = [pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)]
        for descriptor in Set([output, errors]) where descriptor >= 0 {
            events.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        if input >= 0, !pending.isEmpty { events.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0)) }
        let milliseconds = max(0, min(deadline - now(), 0.2)) * 1000
        let ready = poll(&events, nfds_t(events.count), Int32(milliseconds))
        send()
        return drain() || ready > 0 && events[0].revents == 0
    }

    private func send() {
        guard input >= 0 else { return }
        if !pending.isEmpty {
            let count = write(input, pending, pending.count)
            if count > 0 { pending.removeFirst(count) }
            if count < 0, nssh_errno() != EAGAIN { pending = [] }
        }
        if pending.isEmpty, closesInput {
            close(input)
            input = -1
        }
    }

    /// Reads what is there; whether there was anything.
    private func drain() -> Bool {
        let first = Running.read(&output, into: &stdout)
        let second = Running.read(&errors, into: &stderr)
        return first || second
    }

    private static func read(_ descriptor: inout Int32, into bytes: inout [UInt8]) -> Bool {
        guard descriptor >= 0 else { return false }
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &chunk, chunk.count)
        if count > 0 {
            bytes += chunk.prefix(count)
            return true
        }
        if count == 0 {
            close(descriptor)
            descriptor = -1
        }
        return false
    }

    private static func find(_ wanted: [UInt8], in bytes: [UInt8], from position: Int) -> Int? {
        guard bytes.count >= position + wanted.count else { return nil }
        for start in position...(bytes.count - wanted.count) where bytes[start..<(start + wanted.count)].elementsEqual(wanted) {
            return start + wanted.count
        }
        return nil
    }

    private static func pipe() -> (Int32, Int32) {
        var ends: [Int32] = [-1, -1]
        precondition(nssh_pipe(&ends) == 0, "pipe2")
        return (ends[0], ends[1])
    }
}
