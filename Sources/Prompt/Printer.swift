import LuaKit

/// Values as the prompt shows them.
struct Printer {
    private let lua: Lua
    private let most = 60
    private let depth = 3
    private var open: [UnsafeRawPointer] = []

    init(_ lua: Lua) { self.lua = lua }

    /// The value at `index`.
    mutating func show(_ index: Int32, level: Int = 0) -> String {
        let index = lua.absolute(index)
        lua.reserve(8)
        switch lua.kind(index) {
        case .string: return quote(lua.string(index) ?? "")
        case .table:
            if lua.hasMetafield(index, "__tostring") { return (try? lua.display(index)) ?? "?" }
            return table(index, level)
        default: return (try? lua.display(index)) ?? "a \(lua.typeName(index)) that cannot be shown"
        }
    }

    private mutating func table(_ index: Int32, _ level: Int) -> String {
        let identity = lua.identity(index)
        if open.contains(identity) { return "<cycle>" }
        if level >= depth { return "{…}" }
        open.append(identity)
        defer { open.removeLast() }
        let top = lua.top
        defer { lua.top = top }
        let count = lua.rawLength(index)
        var parts: [String] = []
        for position in stride(from: 1, through: min(count, most), by: 1) {
            lua.rawGet(index, position)
            parts.append(show(-1, level: level + 1))
            lua.pop()
        }
        if count > most { parts.append("… \(count - most) more") }
        var named: [(String, String)] = []
        var left = 0
        lua.pushNil()
        while (try? lua.next(index)) == true {
            let key = lua.top - 1
            if lua.isInteger(key), let position = lua.integer(key), position >= 1, position <= count {
                lua.pop()
                continue
            }
            if named.count >= most {
                left += 1
            } else {
                let name: String
                if let text = lua.string(key) {
                    name = isName(text) ? text : "[\(quote(text))]"
                } else {
                    name = "[\(show(key, level: depth))]"
                }
                named.append((name, show(-1, level: level + 1)))
            }
            lua.pop()
        }
        parts += named.sorted { $0.0 < $1.0 }.map { "\($0.0) = \($0.1)" }
        if left > 0 { parts.append("… \(left) more") }
        if parts.isEmpty { return "{}" }
        let short = "{ " + parts.joined(separator: ", ") + " }"
        if short.utf8.count + level * 2 <= 100, !short.contains("\n") { return short }
        let indent = String(repeating: "  ", count: level + 1)
        return "{\n" + parts.map { indent + $0 }.joined(separator: ",\n") + "\n" + indent.dropLast(2) + "}"
    }

    private func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { ($0 | 0x20) >= 97 && ($0 | 0x20) <= 122 || $0 == 95 || (48...57).contains($0) }
    }

    private func quote(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case let scalar where scalar.value < 32 || scalar.value == 127: result += "\\\(scalar.value)"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
