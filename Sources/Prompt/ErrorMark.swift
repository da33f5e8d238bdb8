import Bindings
import Linux
import LuaKit

/// An error of what was typed: its line with a mark under the place, what was meant, and a traceback only where it says more.
enum ErrorMark {
    /// `message` as the user is to see it.
    static func text(_ message: String, of typed: String, _ session: Session) -> String {
        let parts = split(message)
        var text = parts.message
        let lines = typed.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        guard let (number, what) = place(text), lines.indices.contains(number - 1) else { return text + parts.traceback }
        let line = lines[number - 1]
        let found = mark(what, line)
        if let found, find("; did you mean", in: text[...]) == nil { text += suggestion(what, line, found.start, session) }
        if let found {
            let blanks = escaped(line[..<found.start]).map { $0 == "\t" ? "\t" : String(repeating: " ", count: TextWidth.of($0)) }.joined()
            let marks = String(repeating: "^", count: max(1, TextWidth.of(escaped(line[found.start..<found.end]))))
            text += "\n  \(line)\n  \(blanks)\(marks)"
        }
        return text + parts.traceback
    }

    /// As it is going to be shown.
    private static func escaped(_ part: Substring) -> String { TextEscape.escape(part.utf8, as: .lines) }

    /// The message, and the traceback without what everybody knows: that the input was the main chunk.
    private static func split(_ message: String) -> (message: String, traceback: String) {
        guard let range = find("\nstack traceback", in: message[...]) else { return (message, "") }
        // One of an error that came from another process stands before nssh's own.
        var parts: [[Substring]] = []
        for line in message[range.lowerBound...].split(separator: "\n") {
            if line.hasPrefix("stack traceback") || parts.isEmpty {
                parts.append([line])
            } else if !(line.hasPrefix("\tstdin:") && line.hasSuffix("in main chunk")) && line != "\t[C]: in ?"
                && !line.hasPrefix("\t[C]: in function 'prompt.") && !line.hasPrefix("\tprompt:")
            {
                parts[parts.count - 1].append(line)
            }
        }
        // Where only a function of C's stands between the input and the error, the message has named it.
        let telling = parts.filter { part in !part.dropFirst().allSatisfy { $0.hasPrefix("\t[C]:") } }
        return (String(message[..<range.lowerBound]), telling.map { "\n" + $0.joined(separator: "\n") }.joined())
    }

    /// The number of the line in `stdin:N: …`, and what is said about it.
    private static func place(_ message: String) -> (line: Int, what: Substring)? {
        guard message.hasPrefix("stdin:") else { return nil }
        let rest = message.dropFirst(6)
        let digits = rest.prefix { $0.isNumber }
        guard let number = Int(digits), rest.dropFirst(digits.count).hasPrefix(": ") else { return nil }
        return (number, rest.dropFirst(digits.count + 2))
    }

    /// Where in the line the thing is that the message names in quotation marks.
    private static func mark(_ what: Substring, _ line: String) -> (start: String.Index, end: String.Index)? {
        guard let name = named(what), !name.isEmpty else { return nil }
        // A syntax error is near the last of its like, another error at the first.
        let isNear = find(" near ", in: what) != nil
        var found: Range<String.Index>?
        var from = line.startIndex
        while let range = find(name, in: line[from...]) {
            let before = range.lowerBound > line.startIndex ? line[line.index(before: range.lowerBound)] : " "
            let after = range.upperBound < line.endIndex ? line[range.upperBound] : " "
            let isWord = name.last.map(isNamePart) ?? false
            if !isWord || !isNamePart(before) && !isNamePart(after) {
                found = range
                if !isNear { break }
            }
            from = line.index(after: range.lowerBound)
        }
        return found.map { ($0.lowerBound, $0.upperBound) }
    }

    /// `x` of `… (global 'x')`, `… near 'x'` or `unknown option 'x' …`.
    private static func named(_ what: Substring) -> String? {
        let undefined = find(UndefinedValue.reason, in: what) == nil ? [] : [UndefinedValue.opening]
        for opening in ["near '", "global '", "field '", "method '", "local '", "upvalue '", "option '"] + undefined {
            guard let start = find(opening, in: what), let end = find("'", in: what[start.upperBound...]) else { continue }
            return String(what[start.upperBound..<end.lowerBound])
        }
        return nil
    }

    /// The nearest name where one is nil.
    private static func suggestion(_ what: Substring, _ line: String, _ start: String.Index, _ session: Session) -> String {
        guard find("a nil value", in: what) != nil, let name = named(what) else { return "" }
        if find("(global '", in: what) != nil { return didYouMean(name, among: Names.globals(session)) }
        guard find("(field '", in: what) != nil || find("(method '", in: what) != nil else { return "" }
        let owner = line[..<start].reversed().dropFirst().prefix { isNamePart($0) || $0 == "." }.reversed()
        return didYouMean(name, among: Names.fields(of: String(owner), session))
    }

    /// The first place of a text in another. (The standard library's own search brings regular expressions with it.)
    private static func find(_ text: String, in whole: Substring) -> Range<String.Index>? {
        guard let first = text.first else { return nil }
        var start = whole.startIndex
        while let candidate = whole[start...].firstIndex(of: first) {
            let rest = whole[candidate...]
            if rest.hasPrefix(text) { return candidate..<whole.index(candidate, offsetBy: text.count) }
            start = whole.index(after: candidate)
        }
        return nil
    }

    private static func isNamePart(_ character: Character) -> Bool { character == "_" || character.isLetter || character.isNumber }
}
