import CLinux
import Glibc
import Linux

/// The standard streams of a child: what to put where, and the ends that nssh keeps.
struct Streams {
    /// dup2(2) from, to.
    private(set) var moves: [(from: Int32, to: Int32)] = []
    private(set) var stdin, stdout, stderr: Descriptor?
    private(set) var captures: [Capture] = []
    /// The child's own terminal.
    private(set) var terminal: PseudoTerminal?
    private(set) var grants: [(from: Int32, to: Int32)] = []
    /// The child's ends; nssh lets go of them after the launch.
    private var theirs: [Descriptor] = []

    init() {}

    init(_ options: Options) throws(Failure) {
        if options.session != nil { terminal = try PseudoTerminal() }
        stdin = try add(options.stdin, 0, "stdin")
        stdout = try add(options.stdout, 1, "stdout")
        stderr = try add(options.stderr, 2, "stderr")
        if let terminal {
            theirs.append(terminal.slave)
            try keep(terminal, options)
        }
        let highest = options.grants.map(\.number).max() ?? 2
        for grant in options.grants {
            let copy: Descriptor
            do throws(Failure) { copy = try Descriptor.duplicate(grant.descriptor, above: highest) } catch {
                var failure = error
                failure.stage = "fds[\(grant.number)]: F_DUPFD_CLOEXEC"
                if failure.errno?.rawValue == EINVAL { failure.hint = "\(highest) is too near to the limit of open files: see ulimit -n" }
                throw failure
            }
            theirs.append(copy)
            grants.append((copy.raw, grant.number))
        }
    }

    /// What comes on its terminal is nssh's to read, or its user's, as with pipes.
    private mutating func keep(_ terminal: PseudoTerminal, _ options: Options) throws(Failure) {
        if case .terminal = options.stdout, options.session == .captured {
            captures.append(try Capture("stdout", try terminal.master.duplicate()))
        } else if options.session == .kept {
            if case .terminal = options.stdin { stdin = try terminal.master.duplicate() }
            if case .terminal = options.stdout { stdout = try terminal.master.duplicate() }
        }
    }

    /// In a copy of nssh: the ends that nssh keeps are not the copy's.
    mutating func releaseInChild() {
        stdin = nil
        stdout = nil
        stderr = nil
        captures = []
        theirs = []
        terminal = nil
    }

    private mutating func add(_ stream: Options.Stream, _ number: Int32, _ name: String) throws(Failure) -> Descriptor? {
        var kept: Descriptor?
        let source: Descriptor
        do throws(Failure) {
            switch stream {
            case .inherit: return nil
            case .terminal:
                moves.append((terminal!.slave.raw, number))
                return nil
            case .descriptor(let raw):
                // A copy above the standard ones, so that no move overwrites the source of another.
                source = try Descriptor.duplicate(raw)
            case .null: source = try Descriptor.open(Array("/dev/null".utf8), flags: O_RDWR)
            case .path(let path):
                let flags = number == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC
                source = try Descriptor.open(path, flags: flags | O_NOCTTY)
            case .data(let bytes): source = try Descriptor.memory("nssh-stdin", contents: bytes)
            case .capture:
                let pipe = try Descriptor.pipe()
                captures.append(try Capture(name, pipe.read, otherEnd: pipe.write))
                moves.append((pipe.write.raw, number))
                return nil
            case .pipe:
                let pipe = try Descriptor.pipe()
                (source, kept) = number == 0 ? (pipe.read, pipe.write) : (pipe.write, pipe.read)
            }
        } catch {
            if error.code == Failure.interrupted.code { throw error }
            var failure = error
            failure.stage = "\(name): \(failure.call ?? "")"
            throw failure
        }
        theirs.append(source)
        moves.append((source.raw, number))
        return kept
    }
}
