import Linux
import LuaKit

extension LuaError {
    /// A failure as the table that scripts get: code, syscall, errno, stage, target, message.
    init(_ failure: Failure) {
        if failure.code == Failure.interrupted.code {
            self = .interrupted
            return
        }
        var fields: [(name: String, value: LuaScalar)] = [("code", .string(failure.code))]
        if let call = failure.call { fields.append(("syscall", .string(call))) }
        if let errno = failure.errno { fields.append(("errno", .integer(Int(errno.rawValue)))) }
        if let stage = failure.stage { fields.append(("stage", .string(stage))) }
        if let target = failure.target { fields.append(("target", .string(target))) }
        self = .fields(message: failure.message, fields)
    }
}

/// Runs `body`, its failure as a Lua error.
func kernel<Result>(_ body: () throws(Failure) -> Result) throws(LuaError) -> Result {
    do throws(Failure) { return try body() } catch { throw LuaError(error) }
}
