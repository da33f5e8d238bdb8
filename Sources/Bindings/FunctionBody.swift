import CLinux
import Glibc
import Linux
import LuaKit
import Namespaces

/// A Lua function as a child's body: it runs in a copy of nssh, and its values come back as bytes.
enum FunctionBody {
    /// What came back.
    enum Outcome {
        /// How many values were pushed.
        case values(Int)
        /// An error, pushed.
        case error
        /// The function did not get to its end.
        case none
    }

    /// In the copy: runs the function at `function` with the arguments that `pushArguments` leaves on the stack, writes what
    /// comes of it, and ends the process.
    static func run(_ lua: Lua, function: Int32, results: Descriptor, pushArguments: () throws(LuaError) -> Int32) -> Never {
        // For os.exit, which does what nssh would do at its own end.
        nssh_exit_as_copy { Children.closeAll() }
        nssh_forget_output()
        lua.state.clearInterrupt()
        var succeeded = false
        let first = lua.top + 2
        lua.reserve(8)
        do throws(LuaError) {
            lua.push(true)
            lua.pushValue(function)
            let count = try pushArguments()
            try lua.call(arguments: count, results: -1, traceback: true)
            try kernel { () throws(Failure) in try StandardStreams.flushOutput() }
            let bytes = try Transfer.encode(lua, (first - 1)..<(lua.top + 1), what: "the result", uncounted: 1)
            succeeded = true
            write(bytes, to: results)
        } catch {
            lua.top = first - 2
            lua.push(false)
            lua.push(error)
            if let bytes = try? Transfer.encode(lua, (first - 1)..<(lua.top + 1)) {
                write(bytes, to: results)
            } else {
                let text = (try? lua.display(-1)) ?? "an error that cannot be shown"
                lua.pop()
                lua.push(text)
                if let bytes = try? Transfer.encode(lua, (first - 1)..<(lua.top + 1)) { write(bytes, to: results) }
            }
        }
        Children.closeAll()
        StandardStreams.flush()
        _exit(succeeded ? 0 : 1)
    }

    private static func write(_ bytes: [UInt8], to results: Descriptor) { try? results.writeAll(bytes) }

    /// In nssh: pushes what came back.
    static func pushOutcome(_ lua: Lua, _ bytes: [UInt8]?) throws(LuaError) -> Outcome {
        guard let bytes else { return .none }
        let base = lua.top
        let count = try Transfer.decode(lua, bytes)
        guard count >= 1, lua.kind(base + 1) == .boolean else { throw .message("the other process sent something that is no result") }
        let succeeded = lua.boolean(base + 1)
        lua.remove(base + 1)
        return succeeded ? .values(count - 1) : .error
    }
}
