import Glibc
import Linux
import LuaKit

/// Names of files, for completion.
enum Files {
    private static let most = 2000

    /// The paths that go on from `word`; the last part is looked for in its directory. Hidden ones are asked for by their dot.
    static func paths(_ word: String, suffix: String) -> [Candidate] {
        let end = word.utf8.lastIndex(of: UInt8(ascii: "/")).map { word.utf8.index(after: $0) } ?? word.startIndex
        let (directory, prefix) = (String(word[..<end]), String(word[end...]))
        let names = entries(directory.isEmpty ? "." : directory).filter { name in
            name.utf8.starts(with: prefix.utf8) && (prefix.hasPrefix(".") || !name.hasPrefix("."))
                // What would have to be escaped.
                && !name.utf8.contains { $0 < 32 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
        }
        return names.prefix(most).map { name in
            let isDirectory = ((try? System.stat(Array((directory + name).utf8)))?.st_mode ?? 0) & S_IFMT == S_IFDIR
            return Candidate(directory + name + (isDirectory ? "/" : ""), suffix: isDirectory ? "" : suffix) {
                name + (isDirectory ? "/" : "")
            }
        }
    }

    /// The programs in PATH.
    static func programs(_ word: String) -> [Candidate] {
        guard !word.isEmpty else { return [] }
        var names: Set<String> = []
        for directory in (environmentValue("PATH") ?? "").split(separator: ":") {
            for name in entries(String(directory)) where name.utf8.starts(with: word.utf8) {
                if names.count < most, access("\(directory)/\(name)", X_OK) == 0 { names.insert(name) }
            }
        }
        return names.map { Candidate($0, suffix: " ") }
    }

    /// What cannot be typed is left out.
    static func entries(_ directory: String) -> [String] {
        ((try? System.readdir(Array(directory.utf8))) ?? []).map(\.lossy).filter { !$0.unicodeScalars.contains("\u{fffd}") }
    }
}

/// Names for `require`.
enum Modules {
    /// What is loaded, what is preloaded, and the files that `package.path` leads to.
    static func named(_ word: String, _ lua: Lua, suffix: String) -> [Candidate] {
        var names: Set<String> = []
        let top = lua.top
        defer { lua.top = top }
        guard lua.reserve(10), lua.pushLoaded("package") == .table else { return [] }
        let package = lua.top
        for field in ["loaded", "preload"] where lua.rawGet(package, field) == .table {
            let table = lua.top
            lua.pushNil()
            while (try? lua.next(table)) == true {
                if let name = lua.string(-2), name != "_G" { names.insert(name) }
                lua.pop()
            }
        }
        if lua.rawGet(package, "path") == .string {
            // a.b → a/b
            let end = word.utf8.lastIndex(of: UInt8(ascii: ".")).map { word.utf8.index(after: $0) } ?? word.startIndex
            let (parent, below) = (String(word[..<end]), String(word[..<end].map { $0 == "." ? "/" : $0 }))
            for template in (lua.string(-1) ?? "").split(separator: ";") where template.hasSuffix("?.lua") {
                for name in Files.entries("\(template.dropLast(5))\(below)").prefix(2000)
                where name.hasSuffix(".lua") && !name.hasPrefix(".") {
                    names.insert(parent + name.dropLast(4))
                }
            }
        }
        return names.filter { $0.utf8.starts(with: word.utf8) && !isInside($0, names, word) }.sorted()
            .map { Candidate($0, suffix: suffix) }
    }

    /// Whether a name is a part of another module, a.b.c of a.b, which is offered when that and a dot are written.
    private static func isInside(_ name: String, _ names: Set<String>, _ word: String) -> Bool {
        for dot in name.utf8.indices where name.utf8[dot] == UInt8(ascii: ".") && names.contains(String(name[..<dot])) {
            if !word.utf8.starts(with: name.utf8[...dot]) { return true }
        }
        return false
    }
}
