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
    public func finish(in terminal: Terminal?, timeout: Double? = nil) throws(Failure) -> Exit {
        defer { terminal?.takeBack() }
        let deadline = timeout.map { started + $0 } ?? .infinity
        while !reap(), monotonicSeconds() < deadline {
            if isStopped, let terminal {
                // ^Z in a program that is no shell: it goes on in the foreground, since nssh keeps no jobs of programs yet.
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

    /// What a function body sent back, once; nil when it sent nothing.
    public func takeResults() throws(Failure) -> [UInt8]? {
        defer { results = nil }
        guard let bytes = try results?.readAll(), !bytes.isEmpty else { return nil }
        return bytes
    }
}
