import Glibc
import Linux

extension Process {
    /// Waits for its end, and kills it when its time (in seconds from its start) is up, or on ^C.
    public func finish(timeout: Double? = nil) throws(Failure) -> Exit {
        do throws(Failure) { try Children.wait(for: [self], until: timeout.map { started + $0 }) } catch {
            close()
            throw error
        }
        if exit == nil {
            timedOut = true
            close()
        }
        return exit!
    }

    /// As `finish`, for a process that has the terminal, which is taken back whole.
    ///
    /// - Parameter keepsJobs: a process that a signal stops (^Z) stays so, for `goOn`; otherwise it goes on at once.
    /// - Returns: nil when it is stopped.
    public func finish(in terminal: Terminal?, timeout: Double? = nil, keepsJobs: Bool = false) throws(Failure) -> Exit? {
        defer { terminal?.takeBack() }
        let deadline = timeout.map { started + $0 } ?? .infinity
        while !reap(), monotonicSeconds() < deadline {
            if isStopped, let terminal {
                if keepsJobs {
                    stoppedModes = terminal.currentModes
                    return nil
                }
                // ^Z where there is nobody to bring it back.
                terminal.takeBack()
                terminal.lend(to: pid)
                continueGroup()
            }
            // A stop does not make a pidfd readable: look for one ten times a second.
            do throws(Failure) { try Children.wait(for: [self], until: min(monotonicSeconds() + 0.1, deadline)) } catch {
                close()
                throw error
            }
        }
        return try finish(timeout: timeout)
    }

    /// Whether it was stopped in the foreground and has not gone on.
    public var isJob: Bool { stoppedModes != nil && isAlive }

    /// Gives the terminal to it, lets it go on, and waits for it as `finish` does.
    public func goOn(in terminal: Terminal, keepsJobs: Bool) throws(Failure) -> Exit? {
        try requireOurs()
        if reap() { throw ended("fg") }
        if let stoppedModes { terminal.set(stoppedModes) }
        stoppedModes = nil
        terminal.lend(to: getpgid(pid))
        continueGroup()
        return try finish(in: terminal, keepsJobs: keepsJobs)
    }

    /// ^C and ^Z would not come back from what cannot use nssh's terminal.
    ///
    /// - Throws: why it cannot.
    public func requireUseOfTerminal() throws(Failure) {
        let reason =
            body == .held
            ? "is held and reads no terminal"
            : terminal != nil ? "has a terminal of its own" : isDetached ? "is detached, in a session of its own" : nil
        guard let reason else { return }
        throw Failure(code: "EINVAL", "process \(pid) \(reason): it cannot be in the foreground", stage: "fg", target: "process \(pid)")
    }

    /// What a function body sent back, once; nil when it sent nothing.
    ///
    /// What it has started may still write: so much is read as there is now, once, and what is made of it is made of that.
    ///
    /// - Parameter deadline: on `monotonicSeconds`.
    /// - Throws: LIMIT where there is more than `mostReply`, TIMEOUT, and on ^C.
    public func takeResults(until deadline: Double? = nil) throws(Failure) -> [UInt8]? {
        defer { results = nil }
        guard let results else { return nil }
        let size = try results.size()
        if size > mostReply {
            throw Failure(
                code: "LIMIT", "the function's process sent \(size) bytes, more than \(mostReply): max_reply sets another limit",
                stage: "read the reply", target: "process \(pid)")
        }
        let bytes = try results.read(size: size, until: deadline)
        return bytes.isEmpty ? nil : bytes
    }

    /// Its time was up before all of its reply was read: it counts as timed out, as one that was killed.
    public func timeIsUp() { timedOut = true }
}
