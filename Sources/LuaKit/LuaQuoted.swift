/// Strings in quotes, as Lua's manual 3.1 has them.
public enum LuaQuoted {
    /// Where a string ends whose content begins at `start`: at its quote, at the end of its line, or where the text ends, or behind that after a
    /// backslash.
    public static func end(of quote: UInt8, in text: [UInt8], from start: Int) -> Int {
        var position = start
        while position < text.count, text[position] != quote, text[position] != 10 {
            guard text[position] == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            // \z takes all white space after it, line ends too.
            let skipsSpace = position + 1 < text.count && text[position + 1] == UInt8(ascii: "z")
            position += 2
            while skipsSpace, position < text.count, text[position] == 32 || (9...13).contains(text[position]) { position += 1 }
        }
        return position
    }
}
