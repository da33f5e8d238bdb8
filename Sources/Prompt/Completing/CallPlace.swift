/// A place in the arguments of a call: `ns.clone{ pid = { ⇥`.
struct CallPlace: Equatable {
    /// What is called.
    var function: Chain
    /// Which argument, from 0.
    var argument = 0
    /// The keys of the tables that lead there; nil for a position.
    var path: [String?] = []
    /// An entry of a table starts here: it may be a key, or a value at a position.
    var isEntry = false
    /// The keys that the table has already.
    var given: [String] = []
    /// Nothing stands before it in the same value.
    var isStart = true

    private struct Frame {
        /// `(`, `{`, `[`, `<`, or a block.
        var opener: String
        var callee: Chain?
        var commas = 0
        var key: String?
        var given: [String] = []
        /// Tokens since the last comma, or since `key =`.
        var count = 0
    }

    /// The place before token `before`; nil when it is in no call.
    init?(_ tokens: Tokens, before: Int, isString: Bool) {
        var stack: [Frame] = []
        for index in 0..<before { CallPlace.step(tokens, index, &stack) }
        // f "text
        if isString, tokens.isSuffixed(before - 1), let callee = tokens.chain(endingAt: before - 1) {
            self.init(function: callee)
            return
        }
        guard let top = stack.last else { return nil }
        self.init(function: [])
        isStart = top.count == 0
        var level = stack.count - 1
        var isInner = true
        while level >= 0 {
            let frame = stack[level]
            switch frame.opener {
            case "{", "<":
                if isInner {
                    given = frame.given
                    isEntry = frame.key == nil && frame.count == 0
                }
                if !(isInner && isEntry) { path.insert(frame.key, at: 0) }
                if let callee = frame.callee {
                    function = callee
                    return
                }
            case "(":
                if let callee = frame.callee {
                    function = callee
                    argument = frame.commas
                    return
                }
                if !isInner { return nil }
                level -= 1
                continue
            default: return nil
            }
            isInner = false
            level -= 1
        }
        return nil
    }

    /// A value in the arguments of a call.
    init(function: Chain, argument: Int = 0, path: [String?] = []) {
        (self.function, self.argument, self.path) = (function, argument, path)
    }

    private static func step(_ tokens: Tokens, _ index: Int, _ stack: inout [Frame]) {
        let token = tokens.all[index]
        func push(_ opener: String, _ callee: Chain?) {
            if !stack.isEmpty { stack[stack.count - 1].count += 1 }
            stack.append(Frame(opener: opener, callee: callee))
        }
        func pop(_ opener: String) {
            if let level = stack.lastIndex(where: { $0.opener == opener }) { stack.removeSubrange(level...) }
        }
        func callee() -> Chain? { tokens.isSuffixed(index - 1) ? tokens.chain(endingAt: index - 1) : nil }
        switch (token.kind, tokens.word(token)) {
        case (.comment, _): return
        case (.symbol, "("): push("(", callee())
        case (.symbol, "{"): push("{", callee())
        case (.symbol, "["): push("[", nil)
        // The article's spelling, ns.clone<uts=true>: as in AngleBrackets, NAME.NAME before it.
        case (.symbol, "<")
        where index >= 3 && tokens.isToken(index - 2, ".") && tokens.all[index - 1].range.upperBound == token.range.lowerBound:
            push("<", callee())
        case (.symbol, ")"): pop("(")
        case (.symbol, "}"): pop("{")
        case (.symbol, "]"): pop("[")
        case (.symbol, ">") where stack.last?.opener == "<": pop("<")
        case (.keyword, "function"), (.keyword, "do"), (.keyword, "if"), (.keyword, "repeat"): push("block", nil)
        case (.keyword, "end"), (.keyword, "until"): pop("block")
        case (.symbol, ","), (.symbol, ";"):
            guard let top = stack.indices.last else { return }
            stack[top].commas += 1
            if let key = stack[top].key { stack[top].given.append(key) }
            (stack[top].key, stack[top].count) = (nil, 0)
        case (.symbol, "="):
            guard let top = stack.indices.last else { return }
            if stack[top].opener != "(", stack[top].count == 1, tokens.all[index - 1].kind == .name {
                stack[top].key = tokens.word(tokens.all[index - 1])
                stack[top].count = 0
            }
        default: if !stack.isEmpty { stack[stack.count - 1].count += 1 }
        }
    }
}
