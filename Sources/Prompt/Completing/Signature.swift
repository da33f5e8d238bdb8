import Linux
import LuaKit

/// What is called at the cursor, in a few lines: the signature, what it does, and what stands at the cursor.
struct Signature {
    private let expected: Expected
    private let place: CallPlace

    init(_ expected: Expected, _ place: CallPlace) {
        self.expected = expected
        self.place = place
    }

    func text(columns: Int, _ colours: Colours) -> String {
        let function = expected.function
        var lines = [function.signature] + indented(function.summary, columns)
        if let option = expected.option {
            lines += indented("\(option.name): \(words(option.type)). \(option.summary)", columns)
        } else if place.path.isEmpty, !place.isEntry, let parameter = expected.parameter {
            lines += indented("\(parameter.name): \(words(parameter.type)). \(parameter.summary)", columns)
        }
        return lines.enumerated().map { colours.paint($1, $0 == 0 ? .function : .note) }.joined(separator: "\n")
    }

    /// The same in a line of any length.
    var line: String {
        if let option = expected.option { return "\(expected.function.name)  \(option.name): \(option.summary)" }
        let parameter = place.path.isEmpty && !place.isEntry ? expected.parameter : nil
        return "\(expected.function.signature)  \(parameter.map { "\($0.name): \($0.summary)" } ?? expected.function.summary)"
    }

    private func indented(_ text: String, _ columns: Int) -> [String] { TextWidth.wrap(text, to: columns - 2).map { "  \($0)" } }

    /// A type in words; a choice by what there is to choose.
    private func words(_ type: LuaType) -> String {
        if case .named(_, let inner) = type, case .choice = inner { return inner.description }
        return type.description
    }
}
