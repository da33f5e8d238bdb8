import Bindings
import Glibc
import Linux
import LuaKit

/// The user's own file, which runs before the first prompt: $XDG_CONFIG_HOME/nssh/init.lua.
enum Startup {
    /// Runs it if it is there.
    static func run(_ session: Session) {
        let base =
            environmentValue("XDG_CONFIG_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? environmentValue("HOME").map { "\($0)/.config" }
        guard let base, base.hasPrefix("/") else { return }
        let path = "\(base)/nssh/init.lua"
        guard let source = try? Descriptor.open(Array(path.utf8), flags: O_RDONLY).readStream() else { return }
        let lua = session.state.lua
        let top = lua.top
        do throws(LuaError) {
            try lua.loadRelaxed(source, name: "@\(path)")
            try lua.call(arguments: 0, results: 0, traceback: true)
        } catch {
            session.report(error, "")
        }
        lua.top = top
    }
}
