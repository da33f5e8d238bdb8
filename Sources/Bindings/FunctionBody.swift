import CLinux
import Glibc
import Linux
import LuaKit
import Namespaces

/// A Lua function as a child's body: it runs in a copy of nssh, and its values come back as bytes.
///
/// A reply is whether the function has returned, then its values, or what it raised and the traceback of that.
enum FunctionBody {
    /// What a process has left for nssh.
    enum Reply {
        case bytes([UInt8])
        /// Nothing: it did not get to its end, or is no function.
        case none
        /// The time was up before all of it was read.
        case late
    }

    /// What came back.
    enum Outcome {
        /// How many values were pushed.
        case values(Int)
        /// An error, pushed, and its traceback over there.
        case error(traceback: [UInt8]?)
        /// The function did not get to its end.
        case none
        /// The time was up before all of it was read.
        case late
    }

    /// In the copy: runs the function at `function` with the arguments that `pushArguments` leaves on the stack, writes what
    /// comes of it, and ends the process.
    ///
    /// - Parameter most: how many bytes the reply may have.
    static func run(_ lua: Lua, function: Int32, results: Descriptor, most: Int, pushArguments: () throws(LuaError) -> Int32) -> Never {
        // For os.exit, which does what nssh would do at its own end.
        nssh_exit_as_copy { Children.closeAll() }
        nssh_forget_output()
        lua.state.clearInterrupt()
        lua.state.forgetErrorFromOutside()
        var succeeded = false
        let first = lua.top + 2
        lua.reserve(8)
        var traceback: String?
        do throws(LuaError) {
            lua.push(true)
            lua.pushValue(function)
            let count = try pushArguments()
            try lua.call(arguments: count, results: -1, noting: &traceback)
            try kernel { () throws(Failure) in try StandardStreams.flushOutput() }
            let bytes = try Transfer.encode(lua, (first - 1)..<(lua.top + 1), what: "the result", uncounted: 1, most: most)
            try kernel { () throws(Failure) in try write(bytes, to: results) }
            succeeded = true
        } catch {
            reply(lua, error, traceback, to: results, below: first - 2, most: most)
        }
        Children.closeAll()
        StandardStreams.flush()
        _exit(succeeded ? 0 : 1)
    }

    /// Sends an error: as it is, else its text, each with the traceback if there is room; else that it is too long.
    private static func reply(_ lua: Lua, _ error: LuaError, _ traceback: String?, to results: Descriptor, below top: Int32, most: Int) {
        func send(_ traceback: String?, most: Int = most, _ push: () -> Void) -> Bool {
            lua.top = top
            lua.reserve(8)
            lua.push(false)
            push()
            if let traceback { lua.push(traceback) } else { lua.pushNil() }
            do throws(LuaError) {
                let bytes = try Transfer.encode(lua, (top + 1)..<(lua.top + 1), what: "the error", most: most)
                try kernel { () throws(Failure) in try write(bytes, to: results) }
                return true
            } catch { return false }
        }
        if send(traceback, { lua.push(error) }) || send(nil, { lua.push(error) }) { return }
        lua.top = top
        lua.push(error)
        let text = (try? lua.display(-1)) ?? "an error that cannot be shown"
        if send(traceback, { lua.push(text) }) || send(nil, { lua.push(text) }) { return }
        // It is short. Where not even that may be sent, nssh refuses it with the same code.
        _ = send(nil, most: .max) { lua.push(Transfer.tooLong("the error", most)) }
    }

    /// From the start of the file, wherever the function has left its position, and nothing behind. ftruncate(2).
    private static func write(_ bytes: [UInt8], to results: Descriptor) throws(Failure) {
        try check(ftruncate(results.raw, 0), "ftruncate", target: "the reply")
        try check(Int32(clamping: lseek(results.raw, 0, SEEK_SET)), "lseek", target: "the reply")
        try results.writeAll(bytes)
    }

    /// In nssh: reads what a process that has ended has left.
    ///
    /// - Parameter deadline: on `monotonicSeconds`.
    static func take(_ process: Process, until deadline: Double?) throws(LuaError) -> Reply {
        try kernel { () throws(Failure) in
            do throws(Failure) { return try process.takeResults(until: deadline).map { .bytes($0) } ?? .none } catch {
                if error.code == Failure.late.code { return .late }
                throw error
            }
        }
    }

    /// In nssh: pushes what came back. It may come from a process that is not to be trusted.
    static func pushOutcome(_ lua: Lua, _ reply: Reply, until deadline: Double?) throws(LuaError) -> Outcome {
        let bytes: [UInt8]
        switch reply {
        case .none: return .none
        case .late: return .late
        case .bytes(let sent): bytes = sent
        }
        let base = lua.top
        var isLate = false
        let count: Int
        do throws(LuaError) {
            count = try Transfer.decode(lua, bytes) { () throws(LuaError) in
                guard let deadline, monotonicSeconds() >= deadline else { return }
                isLate = true
                throw LuaError(Failure.late)
            }
        } catch {
            if isLate { return .late }
            throw error
        }
        guard count >= 1, lua.kind(base + 1) == .boolean, lua.boolean(base + 1) || count == 3 else {
            lua.top = base
            throw .message("the other process sent something that is no result")
        }
        let succeeded = lua.boolean(base + 1)
        lua.remove(base + 1)
        if succeeded { return .values(count - 1) }
        let traceback = lua.bytes(base + 2)
        lua.pop()
        return .error(traceback: traceback)
    }

    /// Pops an error that came from another process; as it is to be raised.
    static func raised(_ lua: Lua, _ traceback: [UInt8]?) -> LuaError {
        if let traceback { lua.noteErrorFromOutside(traceback: Array(traceback.prefix(1 << 14)).lossy) }
        return .value(LuaReference(lua))
    }
}

extension Failure {
    /// The time of a call was up while nssh read what its process had left.
    static let late = Failure(code: "TIMEOUT", "its time was up before all that it had sent was read", stage: "read the reply")
}
