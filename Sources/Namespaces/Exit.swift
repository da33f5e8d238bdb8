import Linux

/// How a process ended. waitid(2). Neither status nor signal: somebody else has reaped it, and nobody can know.
public struct Exit: Equatable, Sendable {
    /// The exit code; nil when a signal ended it.
    public var status: Int32?
    /// The signal's name; nil when it exited.
    public var signal: String?

    /// Whether it exited with 0.
    public var isSuccess: Bool { status == 0 }
}
