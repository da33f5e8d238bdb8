import LuaKit

/// Values as the prompt shows them.
enum Shown {
    /// The values from a stack position up, one after the other; several that need more than a line stand below each other.
    static func text(_ lua: Lua, from first: Int32) -> String {
        guard lua.top >= first else { return "" }
        var printer = Printer(lua)
        let texts = (first...lua.top).map { printer.show($0) }
        return texts.joined(separator: texts.contains { $0.contains("\n") } ? "\n" : "\t")
    }
}
