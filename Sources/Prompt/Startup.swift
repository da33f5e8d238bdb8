import Bindings
import Glibc
import Linux
import LuaKit

/// The user's own file, which runs before the first prompt: $XDG_CONFIG_HOME/nssh/init.lua.
enum Startup {
    /// Runs it if it is there.
    static func run(_ session: Session) {
        let base =
            environmentBytes("XDG_CONFIG_HOME").flatMap { $0.first == UInt8(ascii: "/") ? $0 : nil }
            ?? environmentBytes("HOME").map { $0 + Array("/.config".utf8) }
        guard let base, base.first == UInt8(ascii: "/") else { return }
        let path = base + Array("/nssh/init.lua".utf8)
        guard let source = try? Descriptor.open(path, flags: O_RDONLY).readStream() else { return }
        let lua = session.state.lua
        let top = lua.top
        do throws(LuaError) {
            try lua.loadRelaxed(source, name: [UInt8(ascii: "@")] + path)
            try lua.call(arguments: 0, results: 0, traceback: true)
        } catch {
            session.report(error, "")
        }
        lua.top = top
    }
}
