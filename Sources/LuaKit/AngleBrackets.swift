/// The spelling `ns.clone<uts=true>` for `ns.clone{uts=true}`: a rewrite of Lua source by tokens.
public enum AngleBrackets {
    /// Replaces `NAME.NAME<…=…>` by braces, keeping every column; nil when there is nothing to replace. Strings and
    /// comments stay as they are, and so do comparisons: only a bracket that closes on `>`, with `NAME =` first inside,
    /// counts. Inside, a comparison by `>` needs parentheses, and `>>` closes two brackets where two are open.
    public static func rewrite(_ source: [UInt8]) -> [UInt8]? {
        var scanner = Scanner(source)
        let tokens = scanner.tokens()
        var result = source
        var changed = false
        /// The brackets that are open: where each is, if an angle bracket, and nil for all others.
        var open: [Int?] = []
        func close(_ end: Int) -> Bool {
            guard case .some(.some(let start)) = open.last else { return false }
            open.removeLast()
            result[start] = UInt8(ascii: "{")
            result[end] = UInt8(ascii: "}")
            changed = true
            return true
        }
        for (position, token) in tokens.enumerated() where token.kind == .symbol {
            let isShift = token.length == 2 && source[token.start] == UInt8(ascii: ">") && source[token.start + 1] == UInt8(ascii: ">")
            if isShift, open.count >= 2, open[open.count - 2] != nil, close(token.start) { _ = close(token.start + 1) }
            guard token.length == 1 else { continue }
            switch source[token.start] {
            case UInt8(ascii: "("), UInt8(ascii: "{"), UInt8(ascii: "["): open.append(nil)
            case UInt8(ascii: ")"), UInt8(ascii: "}"), UInt8(ascii: "]"):
                // An angle bracket still open in here is none.
                while case .some(.some) = open.last { open.removeLast() }
                _ = open.popLast()
            case UInt8(ascii: "<"): if opensOptions(tokens, position, source) { open.append(token.start) }
            case UInt8(ascii: ">"): _ = close(token.start)
            default: break
            }
        }
        return changed ? result : nil
    }

    /// Whether the bracket at `open` follows `NAME.NAME` and has `NAME =` or `>` after it.
    private static func opensOptions(_ tokens: [Token], _ open: Int, _ source: [UInt8]) -> Bool {
        func isSymbol(_ position: Int, _ symbol: Unicode.Scalar) -> Bool {
            tokens.indices.contains(position) && tokens[position].length == 1 && source[tokens[position].start] == UInt8(ascii: symbol)
        }
        func isName(_ position: Int) -> Bool { tokens.indices.contains(position) && tokens[position].kind == .name }
        return isName(open - 3) && isSymbol(open - 2, ".") && isName(open - 1)
            && (isSymbol(open + 1, ">") || isName(open + 1) && isSymbol(open + 2, "="))
    }

    struct Token {
        enum Kind { case name, symbol, other }
        var kind: Kind
        var start: Int
        var length: Int
    }

    /// Lua's tokens, as far as the rewrite needs them.
    struct Scanner {
        let source: [UInt8]
        var position = 0

        init(_ source: [UInt8]) { self.source = source }

        private func byte(_ offset: Int = 0) -> UInt8 { position + offset < source.count ? source[position + offset] : 0 }

        mutating func tokens() -> [Token] {
            var tokens: [Token] = []
            if byte() == UInt8(ascii: "#") { skipLine() }
            while position < source.count {
                let start = position
                switch byte() {
                case UInt8(ascii: " "), 9...13: position += 1
                case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"):
                    position += 2
                    if !skipLongBracket() { skipLine() }
                case UInt8(ascii: "["):
                    let isString = skipLongBracket()
                    if !isString { position += 1 }
                    tokens.append(Token(kind: isString ? .other : .symbol, start: start, length: position - start))
                case UInt8(ascii: "\""), UInt8(ascii: "'"):
                    skipString(byte())
                    tokens.append(Token(kind: .other, start: start, length: position - start))
                case let first where isLetter(first):
                    while isLetter(byte()) || isDigit(byte()) { position += 1 }
                    tokens.append(Token(kind: .name, start: start, length: position - start))
                case let first where isDigit(first):
                    while isLetter(byte()) || isDigit(byte()) || byte() == UInt8(ascii: ".") { position += 1 }
                    tokens.append(Token(kind: .other, start: start, length: position - start))
                case let first:
                    position += 1
                    // Operators of two characters must not look like one bracket.
                    let pairs: [(UInt8, UInt8)] = [
                        (UInt8(ascii: "<"), UInt8(ascii: "=")), (UInt8(ascii: ">"), UInt8(ascii: "=")),
                        (UInt8(ascii: "<"), UInt8(ascii: "<")), (UInt8(ascii: ">"), UInt8(ascii: ">")),
                        (UInt8(ascii: "="), UInt8(ascii: "=")), (UInt8(ascii: "~"), UInt8(ascii: "=")),
                        (UInt8(ascii: "."), UInt8(ascii: ".")), (UInt8(ascii: ":"), UInt8(ascii: ":")),
                    ]
                    if pairs.contains(where: { $0 == first && $1 == byte() }) { position += 1 }
                    tokens.append(Token(kind: .symbol, start: start, length: position - start))
                }
            }
            return tokens
        }

        private func isLetter(_ byte: UInt8) -> Bool {
            byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "_") || byte >= 0x80
        }
        private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

        private mutating func skipLine() { while position < source.count, byte() != 10 { position += 1 } }

        private mutating func skipString(_ quote: UInt8) {
            position = min(LuaQuoted.end(of: quote, in: source, from: position + 1) + 1, source.count)
        }

        /// Skips `[==[ … ]==]`; false, and nothing skipped, when there is none here.
        private mutating func skipLongBracket() -> Bool {
            guard byte() == UInt8(ascii: "[") else { return false }
            var level = 0
            while byte(1 + level) == UInt8(ascii: "=") { level += 1 }
            guard byte(1 + level) == UInt8(ascii: "[") else { return false }
            position += 2 + level
            while position < source.count {
                if byte() == UInt8(ascii: "]") {
                    var equals = 0
                    while byte(1 + equals) == UInt8(ascii: "=") { equals += 1 }
                    if equals == level, byte(1 + level) == UInt8(ascii: "]") {
                        position += 2 + level
                        return true
                    }
                }
                position += 1
            }
            return true
        }
    }
}

extension Lua {
    /// Loads a chunk as `load` does; one that Lua cannot parse is tried once more with angle brackets read as braces. If
    /// that fails too, the first error is the one thrown.
    public func loadRelaxed(_ bytes: [UInt8], name: String, mode: String? = nil) throws(LuaError) {
        try loadRelaxed(bytes, name: Array(name.utf8), mode: mode)
    }

    /// The same under a name of any bytes, as a file may have.
    public func loadRelaxed(_ bytes: [UInt8], name: [UInt8], mode: String? = nil) throws(LuaError) {
        do { try load(bytes, name: name, mode: mode) } catch {
            guard let rewritten = AngleBrackets.rewrite(bytes) else { throw error }
            do { try load(rewritten, name: name, mode: mode) } catch _ { throw error }
        }
    }
}
