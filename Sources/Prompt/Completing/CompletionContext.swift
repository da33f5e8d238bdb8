/// What is being typed where the cursor is: found from the text alone.
struct CompletionContext: Equatable {
    enum Subject: Equatable {
        /// Nothing that can be completed: a comment, a new name.
        case nothing
        /// A variable, a keyword, or the name of an option.
        case name
        /// After `.`, or in `["`.
        case field(Chain)
        /// After `:`
        case method(Chain)
        /// In a string.
        case string
        case number
    }

    var subject: Subject
    /// The start of what was typed of it, in bytes.
    var start: Int
    /// What was typed of it.
    var word: String
    /// What closes the string that is being typed; empty outside of strings.
    var quote = ""
    /// The call whose arguments are being typed.
    var place: CallPlace?

    /// The context at the end of a text.
    init(_ text: [UInt8]) {
        let tokens = Tokens(text)
        var before = tokens.all.count
        subject = .name
        start = text.count
        if let last = tokens.all.last, last.range.upperBound == text.count {
            switch last.kind {
            case .comment where last.isOpen: subject = .nothing
            case .string where last.isOpen:
                before -= 1
                subject = .string
                start = min(last.content, text.count)
                let opener = text[last.range.lowerBound]
                quote =
                    opener == UInt8(ascii: "[")
                    ? "]" + String(repeating: "=", count: last.content - last.range.lowerBound - 2) + "]"
                    : String(UnicodeScalar(opener))
                if tokens.isToken(before - 1, "["), let chain = tokens.chain(endingAt: before - 2) { subject = .field(chain) }
            case .name, .keyword, .number:
                before -= 1
                start = last.range.lowerBound
                if last.kind == .number { subject = .number }
            default: break
            }
        }
        word = String(decoding: text[start...], as: UTF8.self)
        if subject == .name {
            let previous = before - 1
            if tokens.isToken(previous, ".") {
                subject = tokens.chain(endingAt: previous - 1).map { .field($0) } ?? .nothing
            } else if tokens.isToken(previous, ":") {
                subject = tokens.chain(endingAt: previous - 1).map { .method($0) } ?? .nothing
            } else if ["local", "function", "for", "goto", "::"].contains(where: { tokens.isToken(previous, $0) }) {
                // `local function` and the like are words that follow.
                subject = tokens.isToken(previous, "local") && "function".hasPrefix(word) && !word.isEmpty ? .name : .nothing
            }
        }
        place = CallPlace(tokens, before: before, isString: subject == .string)
    }
}
