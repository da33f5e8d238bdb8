/// The local variables that a chunk declares at its top level, outside of every block: what a prompt can keep for the next line.
public struct TopLevelLocals: Equatable {
    /// A declared variable.
    public struct Variable: Equatable {
        /// Its name.
        public var name: String
        /// Whether it has the attribute `<close>`.
        public var isClosed: Bool
    }

    /// The variables in their order; a name may be there twice.
    public private(set) var variables: [Variable] = []
    /// The chunk with `<const>` for `<close>`, which is as long and as strict but closes nothing, and at its end the values of the
    /// variables returned.
    public private(set) var source: [UInt8]

    /// Nil when the chunk declares none. The chunk need not be valid; `source` is not either then.
    public init?(_ source: [UInt8]) {
        self.source = source
        var scanner = AngleBrackets.Scanner(source)
        let tokens = scanner.tokens()
        func text(_ position: Int) -> String? {
            guard tokens.indices.contains(position) else { return nil }
            let token = tokens[position]
            return String(decoding: source[token.start..<(token.start + token.length)], as: UTF8.self)
        }
        var depth = 0
        var position = 0
        while let word = text(position) {
            switch word {
            case "function", "do", "if", "repeat", "(", "{", "[": depth += 1
            case "end", "until", ")", "}", "]": depth -= 1
            case "local" where depth == 0:
                position = read(tokens, position + 1, text)
                continue
            default: break
            }
            position += 1
        }
        if variables.isEmpty { return nil }
        var names: [String] = []
        for variable in variables where !names.contains(variable.name) { names.append(variable.name) }
        variables = names.map { name in Variable(name: name, isClosed: variables.last { $0.name == name }!.isClosed) }
        self.source += Array("\nreturn \(names.joined(separator: ", "))".utf8)
    }

    /// Reads what follows `local`; the position behind it.
    private mutating func read(_ tokens: [AngleBrackets.Token], _ start: Int, _ text: (Int) -> String?) -> Int {
        var position = start
        if text(position) == "function" {
            if let name = text(position + 1) { variables.append(Variable(name: name, isClosed: false)) }
            // The word opens a block.
            return position
        }
        while tokens.indices.contains(position), tokens[position].kind == .name, let name = text(position) {
            position += 1
            var isClosed = false
            if text(position) == "<", text(position + 2) == ">" {
                isClosed = text(position + 1) == "close"
                if isClosed {
                    let word = tokens[position + 1]
                    source.replaceSubrange(word.start..<(word.start + word.length), with: Array("const".utf8))
                }
                position += 3
            }
            variables.append(Variable(name: name, isClosed: isClosed))
            guard text(position) == "," else { break }
            position += 1
        }
        return position
    }
}
