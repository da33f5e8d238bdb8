/// An expression that leads to a value step by step: `ns.open("self", "uts"):parent()`.
typealias Chain = [Link]

/// One step of it.
enum Link: Equatable {
    /// A variable.
    case root(String)
    /// `.name`, or `["name"]`.
    case field(String)
    /// `:name`
    case method(String)
    /// `[3]`
    case position(Int)
    /// Its arguments do not matter.
    case call
}

extension Tokens {
    /// The expression that ends with token `last`; nil when it is none that can be followed.
    func chain(endingAt last: Int) -> Chain? {
        var links: Chain = []
        var index = last
        while index >= 0 {
            let token = all[index]
            switch token.kind {
            case .name:
                let name = word(token)
                if isToken(index - 1, ".") || isToken(index - 1, ":") {
                    links.insert(isToken(index - 1, ".") ? .field(name) : .method(name), at: 0)
                    index -= 2
                    continue
                }
                if isToken(index - 1, "function") { return nil }
                return [.root(name)] + links
            case .string:
                // f "text"
                guard isSuffixed(index - 1) else { return nil }
                links.insert(.call, at: 0)
                index -= 1
            case .symbol:
                guard let open = opening(of: index), isSuffixed(open - 1) else { return nil }
                if isToken(index, "]") {
                    guard open + 2 == index, let link = self.link(index: all[open + 1]) else { return nil }
                    links.insert(link, at: 0)
                } else {
                    links.insert(.call, at: 0)
                }
                index = open - 1
            default: return nil
            }
        }
        return nil
    }

    private func link(index token: Token) -> Link? {
        switch token.kind {
        case .string: .field(String(decoding: text[token.content..<max(token.content, token.range.upperBound - 1)], as: UTF8.self))
        case .number: Int(word(token)).map { .position($0) }
        default: nil
        }
    }

    /// Whether token `index` can be what is called or indexed.
    func isSuffixed(_ index: Int) -> Bool {
        guard all.indices.contains(index) else { return false }
        switch all[index].kind {
        case .name, .string: return true
        default: return ["]", ")", "}"].contains { isToken(index, $0) }
        }
    }

    /// The token that opens the bracket which token `index` closes.
    private func opening(of index: Int) -> Int? {
        var closers: [String] = []
        let pairs = [")": "(", "]": "[", "}": "{"]
        for position in stride(from: index, through: 0, by: -1) where all[position].kind == .symbol {
            let symbol = word(all[position])
            if let opener = pairs[symbol] {
                closers.append(opener)
            } else if ["(", "[", "{"].contains(symbol) {
                guard closers.popLast() == symbol else { return nil }
                if closers.isEmpty { return position }
            }
        }
        return nil
    }
}
