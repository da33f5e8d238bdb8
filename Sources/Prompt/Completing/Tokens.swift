import LuaKit

/// A token of Lua, in a text that need not be complete.
struct Token: Equatable {
    enum Kind { case name, keyword, number, string, comment, symbol }

    let kind: Kind
    /// Its bytes.
    let range: Range<Int>
    /// A string or comment that the end of the text cuts off.
    var isOpen = false
    /// Where a string's contents start.
    var content = 0
}

/// Reads tokens. What is no Lua is passed over byte by byte.
struct Tokens {
    let text: [UInt8]
    private(set) var all: [Token] = []
    private var position = 0

    private static let keywords: Set<String> = [
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil", "not", "or",
        "repeat",
        "return", "then", "true", "until", "while",
    ]
    private static let longSymbols = ["...", "..", "::", "==", "~=", "<=", ">=", "//", "<<", ">>"].map { Array($0.utf8) }

    init(_ text: [UInt8]) {
        self.text = text
        while position < text.count { step() }
    }

    /// The same without comments.
    var withoutComments: Tokens {
        var tokens = self
        tokens.all.removeAll { $0.kind == .comment }
        return tokens
    }

    /// The words of the language that can start or continue a chunk.
    static var words: [String] { keywords.sorted() }

    /// The text of a token.
    func word(_ token: Token) -> String { String(decoding: text[token.range], as: UTF8.self) }

    /// Whether token `index` is this symbol or keyword.
    func isToken(_ index: Int, _ word: String) -> Bool {
        guard all.indices.contains(index), [.symbol, .keyword].contains(all[index].kind) else { return false }
        return text[all[index].range].elementsEqual(word.utf8)
    }

    private func byte(_ offset: Int = 0) -> UInt8 { position + offset < text.count ? text[position + offset] : 0 }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 97 && (byte | 0x20) <= 122 || byte == 95 }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    private mutating func step() {
        let start = position
        let first = byte()
        if first <= 32 {
            position += 1
        } else if Tokens.isLetter(first) {
            while Tokens.isLetter(byte()) || Tokens.isDigit(byte()) { position += 1 }
            let isKeyword = Tokens.keywords.contains(String(decoding: text[start..<position], as: UTF8.self))
            all.append(Token(kind: isKeyword ? .keyword : .name, range: start..<position))
        } else if Tokens.isDigit(first) {
            while Tokens.isDigit(byte()) || Tokens.isLetter(byte()) || byte() == UInt8(ascii: ".") && byte(1) != UInt8(ascii: ".") {
                position += 1
            }
            all.append(Token(kind: .number, range: start..<position))
        } else if first == UInt8(ascii: "-"), byte(1) == UInt8(ascii: "-") {
            position += 2
            if let level = longBracket() {
                let isOpen = !skipLong(level)
                all.append(Token(kind: .comment, range: start..<position, isOpen: isOpen))
            } else {
                while position < text.count, byte() != 10 { position += 1 }
                all.append(Token(kind: .comment, range: start..<position, isOpen: position == text.count))
            }
        } else if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
            quoted(first)
        } else if first == UInt8(ascii: "["), let level = longBracket() {
            let content = position + level + 2
            let isOpen = !skipLong(level)
            all.append(Token(kind: .string, range: start..<position, isOpen: isOpen, content: content))
        } else {
            let long = Tokens.longSymbols.first { text[start...].starts(with: $0) }
            position += long?.count ?? 1
            all.append(Token(kind: .symbol, range: start..<position))
        }
    }

    /// A string in quotes ends with its line: an unfinished one before the last line is a mistake that shall not eat what follows.
    private mutating func quoted(_ quote: UInt8) {
        let start = position
        position = LuaQuoted.end(of: quote, in: text, from: position + 1)
        let isOpen = position >= text.count
        position = min(position + 1, text.count)
        all.append(Token(kind: .string, range: start..<position, isOpen: isOpen, content: start + 1))
    }

    /// The level of a long bracket that opens here: `[[` is 0, `[==[` 2.
    private func longBracket() -> Int? {
        guard byte() == UInt8(ascii: "[") else { return nil }
        var level = 0
        while byte(1 + level) == UInt8(ascii: "=") { level += 1 }
        return byte(1 + level) == UInt8(ascii: "[") ? level : nil
    }

    /// Goes behind the end of a long string or comment; false when there is none.
    private mutating func skipLong(_ level: Int) -> Bool {
        let close = [UInt8(ascii: "]")] + [UInt8](repeating: UInt8(ascii: "="), count: level) + [UInt8(ascii: "]")]
        position += level + 2
        while position < text.count {
            if byte() == close[0], text[position...].starts(with: close) {
                position += close.count
                return true
            }
            position += 1
        }
        position = text.count
        return false
    }
}
