import CLinux
import Glibc
import Linux

extension Process {
    /// Between nssh's terminal, or what its standard streams are, and the process's own terminal, until the process ends: what is typed
    /// goes in, what comes is written out, the window's size follows.
    public func relay(timeout: Double? = nil) throws(Failure) -> Exit {
        guard let master = terminal else { return try finish(timeout: timeout) }
        let ours = Terminal(0)
        ours?.makeRaw()
        defer { ours?.takeBack() }
        let deadline = timeout.map { started + $0 } ?? .infinity
        var takesInput = true
        var isHungUp = false
        do throws(Failure) {
            while !reap(), monotonicSeconds() < deadline {
                var events = [
                    pollfd(fd: takesInput ? 0 : -1, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: isHungUp ? -1 : master.raw, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: pidfd.raw, events: Int16(POLLIN), revents: 0),
                ]
                // A new size has no event: it is looked at ten times a second.
                let isSomething = try waitForEvents(&events, until: min(monotonicSeconds() + 0.1, deadline))
                if ours != nil { _ = nssh_copy_window_size(0, master.raw) }
                if events[0].revents != 0 { takesInput = try pass(from: 0, to: master) }
                // With the other end open nowhere it is ready all the time; the process may open it again.
                if events[1].revents != 0 { isHungUp = try !pass(from: master) } else if !isSomething { isHungUp = false }
            }
        } catch {
            close()
            throw error
        }
        try master.setNonblocking()
        while (try? pass(from: master)) == true {}
        return try finish(timeout: timeout)
    }

    /// Standard input to the terminal; its end is typed as such (^D). Whether there is more.
    private func pass(from input: Int32, to master: Descriptor) throws(Failure) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(input, &buffer, buffer.count)
        if count < 0, nssh_errno() == EINTR || nssh_errno() == EAGAIN { return true }
        try? master.writeAll(count > 0 ? Array(buffer[..<count]) : [4])
        return count > 0
    }

    /// What has come on the terminal to standard output; whether there was something. Nobody has the other end open when it fails.
    @discardableResult private func pass(from master: Descriptor) throws(Failure) -> Bool {
        guard let bytes = try? master.read(65536), !bytes.isEmpty else { return false }
        let output = Descriptor(1)
        defer { _ = output.take() }
        try output.writeAll(bytes)
        return true
    }
}
