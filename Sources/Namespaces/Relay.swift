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
        var input = Input()
        var isHungUp = false
        do throws(Failure) {
            // A program that reads nothing must not keep nssh from its time, its end and its output.
            try master.setNonblocking()
            while !reap(), monotonicSeconds() < deadline {
                var events = [
                    pollfd(fd: input.isWanted ? 0 : -1, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: isHungUp ? -1 : master.raw, events: Int16(input.pending.isEmpty ? POLLIN : POLLIN | POLLOUT), revents: 0),
                    pollfd(fd: pidfd.raw, events: Int16(POLLIN), revents: 0),
                ]
                // A new size has no event: it is looked at ten times a second.
                let isSomething = try waitForEvents(&events, until: min(monotonicSeconds() + 0.1, deadline))
                if ours != nil { _ = nssh_copy_window_size(0, master.raw) }
                if events[0].revents != 0 { input.read() }
                if events[1].revents & Int16(POLLOUT) != 0 { input.write(to: master) }
                // With the other end open nowhere it is ready all the time; the process may open it again.
                if events[1].revents & ~Int16(POLLOUT) != 0 {
                    isHungUp = try !pass(from: master)
                } else if !isSomething {
                    isHungUp = false
                }
            }
        } catch {
            close()
            throw error
        }
        while (try? pass(from: master)) == true {}
        return try finish(timeout: timeout)
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

/// Standard input on its way to a terminal.
private struct Input {
    /// What has been read and is not typed yet.
    private(set) var pending: ArraySlice<UInt8> = []
    private var hasEnded = false
    private var isInLine = false

    /// Whether more is to be read.
    var isWanted: Bool { !hasEnded && pending.isEmpty }

    /// Reads what is there. Its end is typed as such (^D), twice within a line, where the first one only ends what is there of it.
    mutating func read() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(0, &buffer, buffer.count)
        if count < 0, nssh_errno() == EINTR || nssh_errno() == EAGAIN { return }
        if count > 0 {
            pending = buffer[..<count]
            isInLine = buffer[count - 1] != UInt8(ascii: "\n")
        } else {
            hasEnded = true
            pending = isInLine ? [4, 4] : [4]
        }
    }

    /// Types as much as there is room for.
    mutating func write(to master: Descriptor) {
        let count = pending.withUnsafeBytes { Glibc.write(master.raw, $0.baseAddress, $0.count) }
        if count > 0 { pending = pending.dropFirst(count) }
    }
}
