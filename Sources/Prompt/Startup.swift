import Bindings
import Glibc
import Linux
import LuaKit

/// The user's own file, which runs before the first prompt: $XDG_CONFIG_HOME/nssh/init.lua.
enum Startup {
    /// Runs it if it is there.
    static func run(_ session: Session) {
        // What is at its path now is somebody else's.
        if Foreign.isHere { return StandardStreams.writeError("nssh: in another's mnt namespace or root no init.lua is run\n") }
        let base =
            environmentBytes("XDG_CONFIG_HOME").flatMap { $0.first == UInt8(ascii: "/") ? $0 : nil }
            ?? environmentBytes("HOME").map { $0 + Array("/.config".utf8) }
        guard let base, base.first == UInt8(ascii: "/") else { return }
        let path = base + Array("/nssh/init.lua".utf8)
        let source: [UInt8]
        do throws(Failure) { source = try read(path) } catch {
            if [ENOENT, ENOTDIR, EACCES].contains(error.errno?.rawValue) { return }
            StandardStreams.writeError("nssh: \(error.message)\n")
            return
        }
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

    /// Reads it, if it is trusted. It may be a link, as those who keep such files elsewhere have it, but nobody else's link.
    private static func read(_ path: [UInt8]) throws(Failure) -> [UInt8] {
        let link = try System.stat(path, followingLinks: false)
        if let refusal = foreign(link) {
            throw Failure(code: "UNSAFE", "\(path.shown) \(refusal)", target: path.lossy, hint: "it is not run")
        }
        let file = try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        var info = stat()
        try check(fstat(file.raw, &info), "fstat", target: path.lossy)
        if let refusal = refusal(info) {
            throw Failure(code: "UNSAFE", "\(path.shown) \(refusal)", target: path.lossy, hint: "it is not run")
        }
        return try file.readStream()
    }

    /// Why a file is not to decide what nssh does at a prompt; nil: it may. It has to be the user's own or root's: what root types with
    /// somebody's HOME is not that user's to say.
    static func refusal(_ info: stat) -> String? {
        if info.st_mode & S_IFMT != S_IFREG { return "is not a regular file" }
        if let foreign = foreign(info) { return foreign }
        return info.st_mode & 0o002 != 0 ? "can be written by everybody" : nil
    }

    /// Whose it is, when that is neither the user nor root: of a link, who has chosen where it leads.
    static func foreign(_ info: stat) -> String? {
        info.st_uid != geteuid() && info.st_uid != 0 ? "belongs to uid \(info.st_uid)" : nil
    }
}
