import Glibc

/// Seconds on CLOCK_MONOTONIC. clock_gettime(2).
public func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Asked at every interrupted wait: whether the user wants out (^C). Set once, by whoever handles the signals.
nonisolated(unsafe) public var interruptIsPending: () -> Bool = { false }

/// Waits for events on `descriptors`, until `deadline` (on `monotonicSeconds`), for ever without one. poll(2).
///
/// - Returns: false when the time is up.
/// - Throws: `Failure.interrupted` on ^C.
public func waitForEvents(_ descriptors: inout [pollfd], until deadline: Double? = nil) throws(Failure) -> Bool {
    while true {
        if interruptIsPending() { throw .interrupted }
        var milliseconds: Int32 = -1
        if let deadline {
            let left = (deadline - monotonicSeconds()) * 1000
            milliseconds = left <= 0 ? 0 : left > 1e9 ? 1_000_000_000 : Int32(left.rounded(.up))
        }
        let count = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        if count > 0 { return true }
        if count == 0 {
            if milliseconds < 1_000_000_000 { return false }
            continue
        }
        let errno = Errno.last
        if errno.rawValue != EINTR { throw Failure("poll", errno) }
    }
}
