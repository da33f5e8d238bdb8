import CLinux
import Glibc

/// Seconds on CLOCK_MONOTONIC. clock_gettime(2).
public func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Clock ticks since the machine started, as proc_pid_stat(5) counts them. CLOCK_BOOTTIME of clock_gettime(2), sysconf(3).
public func bootTicks() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    let perSecond = sysconf(Int32(_SC_CLK_TCK))
    return UInt64(max(time.tv_sec * perSecond + time.tv_nsec * perSecond / 1_000_000_000, 0))
}

/// Asked at every interrupted wait: whether the user wants out (^C). Set once, by whoever handles the signals.
nonisolated(unsafe) public var interruptIsPending: () -> Bool = { false }

/// Waits for events on `descriptors`, until `deadline` (on `monotonicSeconds`), for ever without one. poll(2).
///
/// - Returns: false when the time is up.
/// - Throws: `Failure.interrupted` on ^C.
public func waitForEvents(_ descriptors: inout [pollfd], until deadline: Double? = nil) throws(Failure) -> Bool {
    // The signals are blocked between the look at the flag and the wait: none is missed.
    var blocked = sigset_t()
    var old = sigset_t()
    sigemptyset(&blocked)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&blocked, signal) }
    sigprocmask(SIG_BLOCK, &blocked, &old)
    defer { sigprocmask(SIG_SETMASK, &old, nil) }
    while true {
        if interruptIsPending() { throw .interrupted }
        var nanoseconds: Int64 = -1
        if let deadline { nanoseconds = Int64(min(max(deadline - monotonicSeconds(), 0), 1e9) * 1e9) }
        let count = nssh_ppoll(&descriptors, UInt(descriptors.count), nanoseconds, &old)
        if count == 0 {
            if let deadline, monotonicSeconds() < deadline { continue }
            return false
        }
        if count > 0 { return true }
        let errno = Errno.last
        if errno.rawValue != EINTR { throw Failure("ppoll", errno) }
    }
}
