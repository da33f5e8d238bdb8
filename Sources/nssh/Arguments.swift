import CLinux
import Glibc
import Linux

/// The command line: lua's options, and a few of nssh's own.
struct Arguments {
    enum Action {
        case chunk([UInt8])
        case library([UInt8])
        case warnings
        case strict
    }

    enum Problem: Error { case unknown([UInt8]), missing([UInt8]) }

    /// argv, whole.
    let all: [[UInt8]]
    /// Its position; the number of arguments when there is no script.
    private(set) var script: Int
    /// -e, -l, -W and --strict, in their order.
    private(set) var actions: [Action] = []
    private(set) var interactive = false
    private(set) var version = false
    private(set) var ignoresEnvironment = false
    private(set) var help = false
    /// Which part of the course is asked for, by its option: list, course or new. What follows it is its arguments.
    private(set) var course: String?

    /// argv.
    static var words: [[UInt8]] { (0..<Int(nssh_argc())).map(word) }

    /// The first argument.
    static var first: [UInt8]? { nssh_argc() > 1 ? word(1) : nil }

    private static func word(_ position: Int) -> [UInt8] {
        let text = nssh_argv()[position]!
        return [UInt8](UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }

    /// Reads argv.
    init() throws(Problem) {
        all = Arguments.words
        script = all.count
        var position = 1
        while position < all.count {
            let argument = all[position]
            guard argument.first == UInt8(ascii: "-"), argument.count > 1 else { break }
            position += 1
            // First and by its byte: text brings more of the standard library into memory than the rest of this.
            let letter = argument[1]
            if letter == UInt8(ascii: "e") || letter == UInt8(ascii: "l") {
                var value = Array(argument.dropFirst(2))
                if value.isEmpty {
                    guard position < all.count, all[position].first != UInt8(ascii: "-") || letter == UInt8(ascii: "e") else {
                        throw .missing(argument)
                    }
                    value = all[position]
                    position += 1
                }
                actions.append(letter == UInt8(ascii: "e") ? .chunk(value) : .library(value))
                continue
            }
            switch argument.lossy {
            case "--":
                script = position
                return
            case "--help", "-h": help = true
            case "--version": version = true
            case "--list", "--course", "--new":
                course = String(argument.lossy.dropFirst(2))
                script = position - 1
                return
            case "-i":
                interactive = true
                version = true
            case "-v": version = true
            case "-E": ignoresEnvironment = true
            case "-W": actions.append(.warnings)
            case "--strict": actions.append(.strict)
            default: throw .unknown(argument)
            }
        }
        script = position
    }

    /// Whether there is a script to run; `-` is standard input.
    var hasScript: Bool { script < all.count }

    static var usage: String {
        let commands = ShellCommand.all.map { command in
            "  " + TextWidth.pad(command.name, to: 10) + "  " + command.summary
        }
        return """
            usage: nssh [options] [script [args]]
                   nssh COMMAND [options] [args]

            A shell for Linux namespaces, scripted in Lua. Without a script: a prompt on a terminal, else standard input is the script.

              -e CHUNK    run CHUNK
              -l MODULE   require MODULE into the global of its name; -l g=MODULE into g
              -i          prompt after the script
              -v          print the version
              -E          ignore LUA_INIT, LUA_PATH and LUA_CPATH
              -W          turn warnings on; reading an undefined global variable is one
              --strict    reading an undefined global variable is an error
              -           standard input is the script
              --          end of options
              --list      list the lessons and the other bundled scripts
              --course    play all lessons, from where you were; --course --help
              --new FILE  write a lesson to begin with
              -h, --help  print this
              --version   print the version

            Commands for shells, each with its own --help:
            \(commands.joined(separator: "\n"))

            A script is a file; if there is none of that name, a bundled one: nssh demo_pid.lua. Lua's help(): nssh -e 'help()'
            Exit codes: 0, 1 after an error, 130 when interrupted, n after os.exit(n).

            """
    }
}
