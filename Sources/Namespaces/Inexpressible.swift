/// Why options cannot be said in another tool's words.
public struct Inexpressible: Error, Equatable {
    /// The option and the reason, `pid.init: unshare(1) makes no init`.
    public var reason: String

    init(_ reason: String) { self.reason = reason }
}

extension Options {
    /// The program and its arguments. A held process is a program that sleeps; a function is nobody else's.
    func program(for tool: String) throws(Inexpressible) -> [[UInt8]] {
        switch body {
        case .program(let arguments): return arguments
        case .held: return [Array("sleep".utf8), Array("infinity".utf8)]
        case .function: throw Inexpressible("the body: \(tool) runs programs, not Lua functions")
        }
    }
}
