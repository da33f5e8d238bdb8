import Bindings
import CLinux
import Glibc
import Linux
import LuaKit
import Namespaces

/// A command of nssh for shells, `nssh enter …`. What it takes is declared once, for the reading of its arguments, its help, the manual
/// page and the completion of shells.
struct ShellCommand: Sendable {
    /// An option.
    struct Option: Sendable {
        /// What follows it.
        enum Value: Sendable {
            case none
            /// The rest of the word, or the next word.
            case required(String)
            /// `--name=VALUE`, `-nVALUE` or `-n=VALUE`.
            case optional(String)
        }

        /// Of one letter; nil: it has only the long name.
        let letter: Character?
        /// The long name, without `--`.
        let name: String
        let value: Value
        let summary: String

        init(_ letter: Character?, _ name: String, _ value: Value = .none, _ summary: String) {
            (self.letter, self.name, self.value, self.summary) = (letter, name, value, summary)
        }
    }

    let name: String
    /// What is given besides options, as in a manual page.
    let operands: String
    /// The most operands there are; nil: as many as one likes.
    let most: Int?
    /// What it does, in one line.
    let summary: String
    /// What else there is to know.
    let details: String
    let options: [Option]
    /// The number of operands after which everything is a command line; nil: options may stand anywhere.
    var operandsBeforeCommand: Int?
    /// The exit code of a wrong option, or of what could not be done.
    var trouble: Int32 = 2
    /// Runs it; returns the exit code.
    let run: @Sendable (CommandLine) throws(CommandError) -> Int32

    /// `nssh find [options] NAME`
    var usage: String { "nssh \(name) [options] \(operands)" }

    /// All of them.
    static let all = [list, tree, why, find, enter]

    /// The one that the first argument names. (Small letters only, so that an option or a script does not cost the making of all of them.)
    static func named(_ name: [UInt8]) -> ShellCommand? {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        return name.allSatisfy { letters.contains($0) } ? all.first { name.elementsEqual($0.name.utf8) } : nil
    }

    /// Reads the arguments behind the command's name and runs it.
    func run(_ arguments: ArraySlice<[UInt8]>) -> Int32 {
        nssh_watch_output(trouble)
        do throws(CommandError) {
            let line = try CommandLine(arguments, of: self)
            if line.has("help") {
                writeOut(help)
                return 0
            }
            return try run(line)
        } catch {
            StandardStreams.flush()
            complain("\(name): \(error.text)")
            if error.isUsage { complain("\(name): try nssh \(name) --help") }
            return error.status ?? trouble
        }
    }

    /// What `--help` prints.
    var help: String {
        let shown = allOptions.map { (left: $0.shown, right: $0.summary) }
        let width = shown.map { $0.left.count }.max() ?? 0
        let lines = shown.map { "  " + $0.left + String(repeating: " ", count: width - $0.left.count + 2) + $0.right }
        let details = TextWidth.wrap(details, to: 100).joined(separator: "\n")
        return "usage: \(usage)\n\n\(summary)\n\n\(lines.joined(separator: "\n"))\n\n\(details)\n"
    }

    /// Its options, and those that every command has.
    var allOptions: [Option] { options + [Option("h", "help", "print this")] }
}

extension ShellCommand.Option {
    /// `-n, --net[=FILE]`
    var shown: String {
        let short = letter.map { "-\($0), " } ?? "    "
        return switch value {
        case .none: "\(short)--\(name)"
        case .required(let value): "\(short)--\(name) \(value)"
        case .optional(let value): "\(short)--\(name)[=\(value)]"
        }
    }

    init(_ letter: Character?, _ name: String, _ summary: String) { self.init(letter, name, .none, summary) }
}

/// Why a command does not do what it was asked.
struct CommandError: Error {
    let text: String
    /// Whether `--help` would help.
    var isUsage = false
    /// The exit code; nil: the command's own for trouble.
    var status: Int32?

    init(_ text: String, status: Int32? = nil) {
        self.text = text
        self.status = status
    }

    init(_ failure: Failure, status: Int32? = nil) { self.init(failure.message, status: status) }

    static func usage(_ text: String) -> CommandError {
        var error = CommandError(text)
        error.isUsage = true
        return error
    }
}

extension JSON {
    /// A string, or null.
    static func of(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}

/// As `body`, with a failure as the command's error.
func commanding<Result>(_ body: () throws(Failure) -> Result) throws(CommandError) -> Result {
    do throws(Failure) { return try body() } catch { throw CommandError(error) }
}
