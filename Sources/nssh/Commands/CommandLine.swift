import Linux
import LuaKit

/// The arguments of a command, read by its declaration as getopt_long(3) does: letters may be joined, long names may be cut short where
/// that is unique, options may follow operands.
struct CommandLine {
    /// What is no option.
    private(set) var operands: [[UInt8]] = []
    /// What follows the operands as a command line of its own.
    private(set) var command: [[UInt8]] = []
    private var given: [(name: String, value: [UInt8]?)] = []

    /// Whether an option is given.
    func has(_ name: String) -> Bool { given.contains { $0.name == name } }

    /// The value of an option, the last if there are more; nil when it is not given, or without a value.
    func value(_ name: String) -> [UInt8]? { given.last { $0.name == name }?.value }

    /// The text of an option's value.
    func text(_ name: String) -> String? { value(name)?.lossy }

    /// The number that is an option's value, within `range`; nil when it is not given.
    func number(_ name: String, in range: ClosedRange<Int>) throws(CommandError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .usage("--\(name): a number from \(range.lowerBound) to \(range.upperBound) expected, got '\(text)'")
        }
        return number
    }

    /// - Throws: what is unknown, with the nearest name that there is.
    init(_ arguments: ArraySlice<[UInt8]>, of declaration: ShellCommand) throws(CommandError) {
        var rest = arguments
        while let word = rest.popFirst() {
            if word.elementsEqual("--".utf8) {
                if declaration.operandsBeforeCommand == nil { operands += rest } else { command = Array(rest) }
                break
            } else if word.starts(with: "--".utf8) {
                try readLong(word, &rest, declaration)
            } else if word.first == UInt8(ascii: "-"), word.count > 1 {
                try readLetters(word, &rest, declaration)
            } else if let before = declaration.operandsBeforeCommand, operands.count >= before - (has("target") ? 1 : 0) {
                command = [word] + rest
                break
            } else {
                operands.append(word)
            }
        }
        if let most = declaration.most, operands.count > most, !has("help") {
            throw .usage("unexpected '\(operands[most].lossy)'")
        }
    }

    private mutating func readLong(_ word: [UInt8], _ rest: inout ArraySlice<[UInt8]>, _ declaration: ShellCommand) throws(CommandError) {
        let equals = word.firstIndex(of: UInt8(ascii: "="))
        let name = Array(word[2..<(equals ?? word.count)]).lossy
        var value = equals.map { Array(word[($0 + 1)...]) }
        let options = declaration.allOptions
        var found = options.filter { $0.name == name }
        if found.isEmpty { found = options.filter { $0.name.hasPrefix(name) } }
        guard let option = found.first else {
            throw .usage("unknown option '--\(name)'\(didYouMean("--" + name, among: options.map { "--" + $0.name }))")
        }
        if found.count > 1 {
            throw .usage("option '--\(name)' is ambiguous: \(found.map { "--" + $0.name }.joined(separator: ", "))")
        }
        switch option.value {
        case .none: if value != nil { throw .usage("option '--\(option.name)' takes no value") }
        case .optional: break
        case .required(let what):
            if value == nil { value = rest.popFirst() }
            if value == nil { throw .usage("option '--\(option.name)' needs a value: \(what)") }
        }
        given.append((option.name, value))
    }

    private mutating func readLetters(
        _ word: [UInt8], _ rest: inout ArraySlice<[UInt8]>, _ declaration: ShellCommand
    ) throws(CommandError) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = declaration.allOptions.first(where: { $0.letter?.asciiValue == letter }) else {
                let names = declaration.allOptions.compactMap { $0.letter.map { "-\($0)" } }
                throw .usage("unknown option '-\([letter].lossy)'; there are \(names.joined(separator: " "))")
            }
            switch option.value {
            case .none: given.append((option.name, nil))
            case .optional:
                // -n=FILE and -n/FILE; otherwise more letters, -mun.
                if letters.first == UInt8(ascii: "=") || letters.contains(UInt8(ascii: "/")) {
                    given.append((option.name, Array(letters.first == UInt8(ascii: "=") ? letters.dropFirst() : letters)))
                    return
                }
                given.append((option.name, nil))
            case .required(let what):
                guard let value = letters.isEmpty ? rest.popFirst() : Array(letters) else {
                    throw .usage("option '-\([letter].lossy)' needs a value: \(what)")
                }
                given.append((option.name, value))
                return
            }
        }
    }
}
