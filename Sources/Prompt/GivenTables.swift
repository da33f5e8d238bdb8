/// The tables in the arguments of calls, in a chunk that Lua has accepted: which variables stand in them as values, and what the chunk says
/// of variables at all. All by its tokens.
struct GivenTables {
    /// A variable as the value of an entry.
    struct Value {
        /// The variable.
        let name: String
        /// Where it stands, in bytes.
        let offset: Int
        /// What is called.
        let chain: Chain
        /// Which argument the table is, from 0.
        let argument: Int
        /// The entries that lead to it.
        let steps: [Step]
        /// What the functions are given to in which the call is, from the outermost; nil: to nothing that could be followed.
        let functions: [Chain?]

        /// `net`, `mnt.proc`, `[2]`
        var path: String {
            var path = ""
            for step in steps {
                if let key = step.key { path += (path.isEmpty ? "" : ".") + key } else { path += step.index }
            }
            return path
        }
    }

    /// An entry: by its name, or by what stands in brackets; its position for one without either.
    struct Step {
        var key: String?
        var index = ""
    }

    /// The values of entries that are just a variable.
    private(set) var values: [Value] = []
    /// The names of local variables and parameters, wherever they are.
    private(set) var declared: Set<String> = []
    /// The names of variables that are assigned to, wherever that is.
    private(set) var assigned: Set<String> = []
    /// Variables that are read elsewhere.
    private(set) var references: [(name: String, offset: Int)] = []
    /// What is called, and where its arguments end.
    private(set) var calls: [(chain: Chain?, end: Int)] = []
    /// Whether it can assign to variables by other means than their names.
    private(set) var namesEnvironment = false

    private struct Frame {
        enum Kind { case call, group, table, index, block, function }

        let kind: Kind
        /// What is called: with parentheses, or with this table.
        var callee: Chain?
        /// The call that a table is given to, and where in it.
        var given: (chain: Chain, argument: Int, steps: [Step])?
        /// Of a function: what it is given to.
        var receiver: Chain?
        /// The first token of the entry or argument.
        var start = 0
        /// The token `=` in the entry.
        var equals: Int?
        /// How many arguments came before, or how many entries without a key.
        var count = 0
    }

    private let tokens: Tokens
    private var frames: [Frame] = []

    /// - Parameter tokens: without comments.
    init(_ tokens: Tokens) {
        self.tokens = tokens
        var index = 0
        while index < tokens.all.count { index = step(index) }
    }

    /// Takes the token at `index`; the next one to take.
    private mutating func step(_ index: Int) -> Int {
        let token = tokens.all[index]
        let word = tokens.word(token)
        switch token.kind {
        case .name: name(index, word)
        case .string: if tokens.isSuffixed(index - 1) { calls.append((tokens.chain(endingAt: index - 1), token.range.lowerBound)) }
        case .keyword: return keyword(index, word)
        case .symbol: symbol(index, word)
        case .number, .comment: break
        }
        return index + 1
    }

    private mutating func name(_ index: Int, _ word: String) {
        if word == "_G" || word == "_ENV" { namesEnvironment = true }
        if tokens.isToken(index - 1, ".") || tokens.isToken(index - 1, ":") { return }
        if let top = frames.last, top.kind == .table, top.start == index, tokens.isToken(index + 1, "=") { return }
        references.append((word, tokens.all[index].range.lowerBound))
    }

    // MARK: Statements

    private mutating func keyword(_ index: Int, _ word: String) -> Int {
        switch word {
        case "function": return function(index)
        case "do", "if", "repeat": frames.append(Frame(kind: .block))
        case "end", "until":
            if let last = frames.lastIndex(where: { $0.kind == .block || $0.kind == .function }) { frames.removeSubrange(last...) }
        case "local", "for": declare(from: index + 1)
        default: break
        }
        return index + 1
    }

    /// `a, b <const>`
    private mutating func declare(from start: Int) {
        var index = start
        // The name of a local function is read with the function.
        while index < tokens.all.count, tokens.all[index].kind == .name {
            declared.insert(tokens.word(tokens.all[index]))
            index += 1
            if tokens.isToken(index, "<") { index += 3 }
            guard tokens.isToken(index, ",") else { return }
            index += 1
        }
    }

    /// The name and the parameters of a function; the token behind them.
    private mutating func function(_ start: Int) -> Int {
        var index = start + 1
        if index < tokens.all.count, tokens.all[index].kind == .name { assigned.insert(tokens.word(tokens.all[index])) }
        while index < tokens.all.count, !tokens.isToken(index, "(") { index += 1 }
        while index < tokens.all.count, !tokens.isToken(index, ")") {
            if tokens.all[index].kind == .name { declared.insert(tokens.word(tokens.all[index])) }
            index += 1
        }
        var frame = Frame(kind: .function)
        if let top = frames.last { frame.receiver = top.kind == .table ? top.given?.chain : top.kind == .call ? top.callee : nil }
        frames.append(frame)
        return index + 1
    }

    /// The variables of an assignment whose `=` is at `index`.
    private mutating func assign(before index: Int) {
        var index = index - 1
        while index >= 0, tokens.all[index].kind == .name, !tokens.isToken(index - 1, "."), !tokens.isToken(index - 1, ">") {
            assigned.insert(tokens.word(tokens.all[index]))
            guard tokens.isToken(index - 1, ",") else { return }
            index -= 2
        }
        // What stands before `t.x, ` in a list may be more variables.
        while index > 0, !tokens.isToken(index - 1, ";"), tokens.all[index].kind != .keyword {
            if tokens.all[index].kind == .name { assigned.insert(tokens.word(tokens.all[index])) }
            index -= 1
        }
    }

    // MARK: Brackets

    private mutating func symbol(_ index: Int, _ word: String) {
        let isCall = tokens.isSuffixed(index - 1)
        switch word {
        case "(":
            var frame = Frame(kind: isCall ? .call : .group, start: index + 1)
            if isCall { frame.callee = tokens.chain(endingAt: index - 1) }
            frames.append(frame)
        case "{":
            var frame = Frame(kind: .table, start: index + 1)
            if isCall {
                frame.callee = tokens.chain(endingAt: index - 1)
                frame.given = frame.callee.map { ($0, 0, []) }
            } else {
                frame.given = place(of: index)
            }
            frames.append(frame)
        case "[": frames.append(Frame(kind: .index))
        case ")", "]": close(index)
        case "}":
            endEntry(index)
            close(index)
        case ",", ";":
            guard let top = frames.indices.last else { return }
            if frames[top].kind == .table { endEntry(index) }
            if frames[top].kind == .call {
                frames[top].count += 1
                frames[top].start = index + 1
            }
        case "=":
            if let top = frames.indices.last, frames[top].kind == .table {
                frames[top].equals = index
            } else {
                assign(before: index)
            }
        default: break
        }
    }

    /// Where a table is given that opens at token `index` and is called with nothing itself.
    private func place(of index: Int) -> (chain: Chain, argument: Int, steps: [Step])? {
        guard let top = frames.last else { return nil }
        if top.kind == .call, top.start == index, let callee = top.callee { return (callee, top.count, []) }
        guard top.kind == .table, let given = top.given, index == (top.equals.map { $0 + 1 } ?? top.start) else { return nil }
        return (given.chain, given.argument, given.steps + [entry(of: top)])
    }

    /// What leads to the entry that a table is at.
    private func entry(of frame: Frame) -> Step {
        guard let equals = frame.equals else { return Step(index: "[\(frame.count + 1)]") }
        if equals == frame.start + 1 { return Step(key: tokens.word(tokens.all[frame.start])) }
        return Step(index: tokens.all[frame.start..<equals].map(tokens.word).joined())
    }

    private mutating func endEntry(_ end: Int) {
        guard let top = frames.indices.last, frames[top].kind == .table else { return }
        let frame = frames[top]
        var (first, last) = (frame.equals.map { $0 + 1 } ?? frame.start, end - 1)
        while first < last, tokens.isToken(first, "("), tokens.isToken(last, ")") { (first, last) = (first + 1, last - 1) }
        if first == last, tokens.all[first].kind == .name, let given = frame.given {
            let offset = tokens.all[first].range.lowerBound
            if references.last?.offset == offset { references.removeLast() }
            values.append(
                Value(
                    name: tokens.word(tokens.all[first]), offset: offset, chain: given.chain, argument: given.argument,
                    steps: given.steps + [entry(of: frame)], functions: frames.filter { $0.kind == .function }.map(\.receiver)))
        }
        if frame.equals == nil, end > frame.start { frames[top].count += 1 }
        frames[top].start = end + 1
        frames[top].equals = nil
    }

    private mutating func close(_ index: Int) {
        guard let frame = frames.popLast() else { return }
        if frame.kind == .call || frame.kind == .table && frame.callee != nil || frame.kind == .table && isCalled(frame) {
            calls.append((frame.callee, tokens.all[index].range.lowerBound))
        }
    }

    /// Whether a table is the argument of a call without parentheses, of something that could not be followed.
    private func isCalled(_ frame: Frame) -> Bool { tokens.isSuffixed(frame.start - 2) }
}
