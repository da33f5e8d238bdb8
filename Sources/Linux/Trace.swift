import CLinux

/// What was really called: kept while somebody asks, in memory that children share (nssh_trace.h).
public enum Trace {
    /// Who makes a call.
    public enum Maker: String, CaseIterable, Sendable {
        case nssh, intermediate, child
        /// PID 1, after it has made the body's process.
        case `init`
        /// A function body, which is a copy of nssh.
        case function
    }

    /// A kernel call.
    public struct Call: Sendable {
        /// Who made it.
        public var maker: Maker
        /// The system call, `sethostname`.
        public var name: String
        /// As a plan shows it, `sethostname("box")`.
        public var text: String
        /// What it returned; nil when it has not, since its process was ended in it.
        public var result: Int?
        /// How it failed.
        public var errno: Errno?
        /// How long it took. An exec took until nssh knew of it.
        public var seconds: Double
    }

    /// Keeps the calls from now on, and tells where they begin. Traces nest.
    public static func start() throws(Failure) -> Int32 { try check(nssh_trace_start(), "mmap", stage: "trace") }

    /// Stops, and gives what was kept from `first` on, in the order in which the calls began, and how many found no room.
    public static func stop(from first: Int32) -> (calls: [Call], lost: Int) {
        nssh_trace_stop()
        var lost: Int32 = 0
        let count = nssh_trace_count(&lost)
        return ((min(first, count)..<count).map { Call(nssh_trace_at($0).pointee) }, Int(lost))
    }

    /// Whether calls are kept now.
    public static var isKept: Bool { nssh_tracing() }

    /// In a copy of nssh: its calls are those of a function body.
    public static func becomeFunction() { nssh_trace_as_function() }

    /// A call of nssh's own: -1 is a failure with errno, which stays as it was.
    @inline(__always)
    public static func call(_ name: String, _ text: @autoclosure () -> String, _ body: () -> Int32) -> Int32 {
        nssh_tracing() ? kept(name, text(), body) : body()
    }

    @inline(never)
    private static func kept(_ name: String, _ text: String, _ body: () -> Int32) -> Int32 {
        let index = nssh_trace_begin(nssh_trace_self(), name, text)
        let result = body()
        nssh_trace_end(index, Int(result), result < 0 ? nssh_errno() : 0)
        return result
    }
}

extension Trace.Call {
    fileprivate init(_ entry: nssh_call) {
        maker = Trace.Maker.allCases[Int(entry.maker.rawValue)]
        name = withUnsafeBytes(of: entry.call) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        text = withUnsafeBytes(of: entry.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        result = entry.done && entry.error == 0 ? entry.result : nil
        errno = entry.error == 0 ? nil : Errno(rawValue: entry.error)
        seconds = Double(entry.duration) / 1e9
    }
}
