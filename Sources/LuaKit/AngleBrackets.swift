/// The spelling `ns.clone<uts=true>` for `ns.clone{uts=true}`: a rewrite of Lua source by tokens.
public enum AngleBrackets {
    /// Replaces `NAME.NAME<…=…>` by braces, keeping every column; nil when there is nothing to replace. Strings and
    /// comments stay as they are, and so do comparisons: only a bracket that closes on `>`, with `NAME =` first inside, counts.
    public static func rewrite(_ source: [UInt8]) -> [UInt8]? {
        var scanner = Scanner(source)
        let tokens = scanner.tokens()
        var result = source
        var changed = false
        for (position, token) in tokens.enumerated() where source[token.start] == UInt8(ascii: "<") && token.length == 1 {
            guard position >= 3, position + 2 < tokens.count,
                tokens[position - 1].kind == Token.Kind.name, tokens[position - 3].kind == Token.Kind.name,
                tokens[position - 2].length == 1, source[tokens[position - 2].start] == UInt8(ascii: "."),
                opensOptions(tokens, position, source), let close = closing(tokens, position, source)
            else { continue }
            result[token.start] = UInt8(ascii: "{")
            result[tokens[close].start] = UInt8(ascii: "}")
            changed = true
        }
        return changed ? result : nil
    }

    /// Whether `name =` or `>` follows the bracket at `open`.
    private static func opensOptions(_ tokens: [Token], _ open: Int, _ source: [UInt8]) -> Bool {
        let next = tokens[open + 1]
        if next.length == 1, source[next.start] == UInt8(ascii: ">") { return true }
        let after = tokens[open + 2]
        return next.kind == Token.Kind.name && after.length == 1 && source[after.start] == UInt8(ascii: "=")
    }

    /// The token that closes the bracket at `open`: a `>` outside all other brackets.
    private static func closing(_ tokens: [Token], _ open: Int, _ source: [UInt8]) -> Int? {
        var depth = 0
        for position in (open + 1)..<tokens.count where tokens[position].length == 1 && tokens[position].kind == .symbol {
            switch source[tokens[position].start] {
            case UInt8(ascii: "("), UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "<"): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth < 0 { return nil }
            case UInt8(ascii: ">"):
                if depth == 0 { return position }
                depth -= 1
            case UInt8(ascii: ";"): if depth == 0 { return nil }
            default: break
            }
        }
        return nil
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
            position += 1
            while position < source.count, byte() != quote, byte() != 10 {
                position += byte() == UInt8(ascii: "\\") ? 2 : 1
            }
            position = min(position + 1, source.count)
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
        do { try load(bytes, name: name, mode: mode) } catch {
            guard let rewritten = AngleBrackets.rewrite(bytes) else { throw error }
            do { try load(rewritten, name: name, mode: mode) } catch _ { throw error }
        }
    }
}
