import Bindings
import CLinux
import Glibc
import Linux
import Namespaces

extension ShellCommand {
    /// nsenter(1), with whatever names namespaces as the target.
    static let enter = ShellCommand(
        name: "enter", operands: "TARGET [--] [command [argument ...]]", most: nil,
        summary: "Runs a command, or a shell, in the namespaces of TARGET.",
        details: """
            TARGET is a pid, an inode number, net:[4026531840], a path, or the name of a container, a net namespace of ip netns, a pin or a \
            command. Anybody may call a process what they like: a name has to be one that root has given, or you, as nssh find shows; for root a \
            command is one of root's own outside of containers, and USER/NAME is what that user has called so in a user namespace of theirs. Without an option of a type all namespaces are entered that differ (nsenter demands options), with the root and \
            the working directory of the target where its mnt namespace differs. With such options it is as nsenter has it: \
            / of the mnt namespace unless -r or -w is given. What is the same already is left alone.
            Whoever has no power over a namespace, as an ordinary user, enters the user namespace that owns it, too.
            What enters the mnt namespace or root of a process has no more than that process: its capabilities, no_new_privs, resource limits, \
            cgroup and umask, and a session keyring of its own; --privileged is nsenter's way. What cannot be taken over is said, or \
            refused with --strict. It is root there, or whom the target is where there is none. It gets 0, 1 and 2, PATH, TERM, LANG, LC_*, \
            and HOME and SHELL of the inside. A root or working directory that the target has outside of what is entered is not taken over.
            Without a command: $SHELL, or /bin/sh where that is not there.
            Exit code: the command's; 128 + n after signal n; 125 if it could not be entered, 126 if the command cannot be executed, 127 if \
            it is not there.
            """,
        options: typeOptions + [
            Option("a", "all", "all namespaces of the target"),
            Option("t", "target", .required("TARGET"), "as TARGET"),
            Option("S", "setuid", .required("UID"), "the uid there"),
            Option("G", "setgid", .required("GID"), "the gid there"),
            Option(nil, "preserve-credentials", "stay who you are in a user namespace, instead of becoming its root"),
            Option("r", "root", .optional("DIR"), "the target's root, or DIR, as the root; the working directory is there"),
            Option("w", "wd", .optional("DIR"), "the target's working directory, or DIR"),
            Option("W", "wdns", .required("DIR"), "the working directory, as a path in the namespaces"),
            Option(nil, "privileged", .optional("WHAT"), "keep one's own caps, cgroup, rlimits (a list, or all of it)"),
            Option(nil, "strict", "refuse where something cannot be taken over of what binds the target"),
            Option("e", "env", "the target's environment"),
            Option(nil, "keep-env", .required("NAME"), "variables of one's own that go along (a list)"),
            Option(nil, "keep-fds", "all open descriptors go along"),
            Option("F", "no-fork", "no child for a pid namespace: it is for the children of the command then"),
        ],
        operandsBeforeCommand: 1, trouble: 125
    ) { line throws(CommandError) in
        let enter = try Enter(line)
        do throws(Failure) { return end(as: try enter.run(tell: tell)) } catch {
            let isMissing = error.errno?.rawValue == ENOENT
            throw CommandError(error, status: error.call == "execve" ? isMissing ? 127 : 126 : nil)
        }
    }

    private static func tell(_ weaker: [String], _ notes: [String]) {
        for line in notes + weaker { complain("enter: \(line)") }
    }

    /// The letters of nsenter(1).
    private static let typeOptions: [Option] = [
        typeOption("m", "mount", "mnt"), typeOption("u", "uts"), typeOption("i", "ipc"), typeOption("n", "net"), typeOption("p", "pid"),
        typeOption("C", "cgroup"), typeOption("U", "user"), typeOption("T", "time"),
    ]

    private static func typeOption(_ letter: Character, _ name: String, _ type: String? = nil) -> Option {
        Option(letter, name, .optional("FILE"), "the \(type ?? name) namespace, of the target or by its FILE")
    }

    /// The exit code of nssh for the end of a child; by the same signal, as if there had been no nssh in between.
    private static func end(as exit: Exit) -> Int32 {
        guard let signal = exit.signal.flatMap(Signals.number) else { return exit.status ?? 125 }
        StandardStreams.flush()
        // Its core is enough.
        _ = Launch.setDumpable(false)
        nssh_end_by_signal(signal)
        return 128 + signal
    }
}

extension Enter {
    fileprivate init(_ line: CommandLine) throws(CommandError) {
        self.init()
        var mask = NamespaceTypes()
        for type in NamespaceType.allCases {
            let name = type == .mnt ? "mount" : type.rawValue
            guard line.has(name) else { continue }
            if let path = line.value(name) { files.append((type, path)) } else { mask.insert(type) }
        }
        if let word = line.value("target") ?? line.operands.first {
            target = try commanding { () throws(Failure) in try Target(word: word) }
        } else if !mask.isEmpty || line.has("all") || files.isEmpty {
            throw .usage("whose namespaces? TARGET is missing")
        }
        let takesSome = !mask.isEmpty || !files.isEmpty || line.has("root") || line.has("wd")
        types = line.has("all") ? NamespaceTypes(rawValue: -1) : takesSome ? mask : nil
        if line.has("all"), let target, !target.isProcess { types = nil }
        root = line.has("root") ? line.value("root").map { .path($0) } ?? .targets : nil
        workingDirectory = line.has("wd") ? line.value("wd").map { .path($0) } ?? .targets : nil
        options.cwd = line.value("wdns")
        options.uid = try line.number("setuid", in: 0...Int(UInt32.max) - 1).map { UInt32($0) }
        options.gid = try line.number("setgid", in: 0...Int(UInt32.max) - 1).map { UInt32($0) }
        options.keepsCredentials = line.has("preserve-credentials")
        neverForks = line.has("no-fork")
        options.isStrict = line.has("strict")
        options.keepsDescriptors = line.has("keep-fds")
        takesEnvironment = line.has("env")
        options.keptEnvironment = line.value("keep-env")?.split(separator: UInt8(ascii: ",")).map { Array($0) } ?? []
        if line.has("privileged") { kept = try privileges(line.value("privileged")) }
        if !line.command.isEmpty { options.body = .program(line.command) }
    }

    private func privileges(_ list: [UInt8]?) throws(CommandError) -> Privileges {
        guard let list else { return .all }
        var result: Privileges = []
        for word in list.lossy.split(separator: ",") {
            guard let known = Privileges(name: String(word)) else {
                throw .usage("--privileged: a list of caps, cgroup and rlimits expected, got '\(word)'")
            }
            result.insert(known)
        }
        return result
    }
}
