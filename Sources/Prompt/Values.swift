import LuaKit

/// Several values as the prompt shows them.
enum Values {
    /// The values from a stack position up, one after the other; where one of them needs more than a line, they stand below each other.
    static func text(
        _ lua: Lua, from first: Int32, columns: Int = Printer.terminalColumns, colours: Bool = Colours.wanted(1)
    ) -> String {
        guard lua.top >= first else { return "" }
        var printer = Printer(lua, columns: columns, colours: colours)
        let texts = (first...lua.top).map { printer.show($0) }
        return texts.joined(separator: texts.contains { $0.contains("\n") } ? "\n" : "\t")
    }
}
