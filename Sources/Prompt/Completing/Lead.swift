/// A line that starts with `:`, `!` or `?`, and is no Lua.
struct Lead: Equatable {
    /// What can be completed in it.
    enum Kind: Equatable { case command, program, path, demonstration, topic, expression, none }

    private let sign: UInt8
    /// The first word after the sign, and what follows its blanks.
    private let name: String
    private let rest: Int?
    /// Where the word at the cursor starts, and that word.
    let start: Int
    let word: String

    /// Nil for a line of Lua.
    init?(_ line: [UInt8]) {
        guard let first = line.firstIndex(where: { $0 != 32 && $0 != 9 }),
            [UInt8(ascii: ":"), UInt8(ascii: "!"), UInt8(ascii: "?")].contains(line[first])
        else { return nil }
        sign = line[first]
        // A label: `::name::`.
        if sign == UInt8(ascii: ":"), line.count > first + 1, line[first + 1] == sign { return nil }
        let begin = line[(first + 1)...].firstIndex { $0 != 32 } ?? line.count
        let end = line[begin...].firstIndex(of: 32)
        name = String(decoding: line[begin..<(end ?? line.count)], as: UTF8.self)
        rest = end.map { end in line[end...].firstIndex { $0 != 32 } ?? line.count }
        start = (line.lastIndex(of: 32).map { $0 + 1 } ?? begin) < begin ? begin : line.lastIndex(of: 32).map { $0 + 1 } ?? begin
        word = String(decoding: line[max(start, begin)...], as: UTF8.self)
    }

    func kind(_ commands: [PromptCommand]) -> Kind {
        switch sign {
        case UInt8(ascii: "!"): return rest == nil && !word.contains("/") ? .program : .path
        case UInt8(ascii: "?"): return .topic
        default: break
        }
        if rest == nil { return .command }
        switch commands.first(where: { $0.name == name })?.argument {
        case .path: return .path
        case .demonstration: return .demonstration
        case .topic: return .topic
        case .expression: return .expression
        case .some(.none), nil: return .none
        }
    }

    /// Where the Lua in it starts; nil when there is none.
    func expressionStart(_ commands: [PromptCommand]) -> Int? { kind(commands) == .expression ? rest : nil }
}
