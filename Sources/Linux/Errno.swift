import CLinux
import Glibc

/// An error number of the C library, errno(3).
public struct Errno: RawRepresentable, Equatable, Sendable {
    /// The number.
    public var rawValue: Int32
    /// An error number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The calling thread's errno: to be read at once after the call that failed.
    public static var last: Errno { Errno(rawValue: nssh_errno()) }

    /// The number of a name; nil when there is none. Few are asked for, and seldom.
    public init?(name: String) {
        guard name.hasPrefix("E"), let number = (1...133).first(where: { Errno(rawValue: $0).name == name }) else { return nil }
        rawValue = Int32(number)
    }

    /// The name, `EPERM`; `E123` where the C library has none.
    public var name: String { nssh_errno_name(rawValue).map { String(cString: $0) } ?? "E\(rawValue)" }

    /// The text, `Operation not permitted`; strerror(3).
    public var text: String { strerror(rawValue).map { String(cString: $0) } ?? "Error \(rawValue)" }
}

/// What went wrong: which call, on what, and the kernel's word for it.
public struct Failure: Error, Sendable {
    /// A short name for scripts: the errno's (`EPERM`), or nssh's own (`CLOSED`, `TIMEOUT`, `LIMIT`, `INTERRUPTED`, …).
    public var code: String
    /// The system call, `sethostname`; nil when none has failed.
    public var call: String?
    /// The kernel's number for it, or the one it would have given where nssh refused first; nil when it has none.
    public var errno: Errno?
    /// The step of the plan, `mount /proc`.
    public var stage: String?
    /// What it was done to.
    public var target: String?
    /// The next thing to do.
    public var hint: String?
    private var text: String?

    /// A failed system call; errno must be taken before anything else is done.
    public init(_ call: String, _ errno: Errno = .last, stage: String? = nil, target: String? = nil, hint: String? = nil) {
        code = errno.name
        self.call = call
        self.errno = errno
        self.stage = stage ?? call
        self.target = target
        self.hint = hint
    }

    /// A failure that is not the kernel's. A code that is an errno's name brings its number.
    public init(
        code: String, _ text: String, errno: Int32? = nil, stage: String? = nil, target: String? = nil, hint: String? = nil
    ) {
        self.code = code
        self.text = text
        self.errno = errno.map { Errno(rawValue: $0) } ?? Errno(name: code)
        self.stage = stage
        self.target = target
        self.hint = hint
    }

    /// ^C while nssh waited.
    public static let interrupted = Failure(code: "INTERRUPTED", "interrupted!")

    /// A name with a zero byte, which C would take for its end.
    static func zeroByte(_ call: String, target: String) -> Failure {
        Failure(code: "EINVAL", "\(call): a name cannot contain a zero byte", stage: call, target: target)
    }

    /// One sentence: step, target, the kernel's word, the next thing to do.
    public var message: String {
        var message = text ?? ""
        if let call, let errno {
            let stage = stage ?? call
            message = stage
            if let target, stage != target, !stage.hasSuffix(" \(target)") { message += "(\(target))" }
            if stage != call, !stage.hasPrefix(call) { message += " (\(call))" }
            message += ": \(errno.text)"
        }
        if let hint { message += "; \(hint)" }
        return message
    }
}

/// The result of a call that answers -1 with errno.
@discardableResult @inline(__always)
public func check(
    _ result: Int32, _ call: String, stage: @autoclosure () -> String? = nil, target: @autoclosure () -> String? = nil
) throws(Failure) -> Int32 {
    if result >= 0 { return result }
    let errno = Errno.last
    throw Failure(call, errno, stage: stage(), target: target())
}
