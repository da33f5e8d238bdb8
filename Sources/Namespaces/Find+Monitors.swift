import Linux

/// Programs that stay beside a container and have its name among their arguments: where there is neither a cgroup nor a state file that has
/// it, they suggest what may be meant. Anybody can run one, or something that is called like one: they never vouch.
extension Find {
    /// What a monitor's arguments say; nil for any other process.
    static func monitored(_ number: Int32, _ command: [UInt8], _ arguments: [UInt8]) -> Member? {
        let known: (runtime: String, letter: String?, options: [String])? =
            switch command.lossy {
            case "conmon": ("podman", "-n", ["--name"])
            case "firejail": ("firejail", nil, ["--name"])
            case "systemd-nspawn": ("systemd-nspawn", "-M", ["--machine"])
            default: nil
            }
        guard let known else { return nil }
        let words = arguments.prefix(1 << 16).split(separator: 0, omittingEmptySubsequences: false)
        guard let name = value(known.letter, known.options, words) else { return nil }
        let source = Source(
            Array("the arguments of \(command.lossy), process \(number)".utf8),
            Standing.uid(number).map { Trust.Owner(uid: $0, vouches: false) })
        return Member(number: number, container: Container(runtime: known.runtime, id: name), source: source)
    }

    /// The value of an option: `-n NAME`, `--name NAME`, `--name=NAME`.
    private static func value(_ letter: String?, _ options: [String], _ words: [ArraySlice<UInt8>]) -> String? {
        for (position, word) in words.enumerated().dropFirst() {
            let text = Array(word).lossy
            if text == letter || options.contains(text) { return position + 1 < words.count ? Array(words[position + 1]).lossy : nil }
            for option in options where text.hasPrefix(option + "=") { return String(text.dropFirst(option.utf8.count + 1)) }
        }
        return nil
    }

    /// The children of monitors, as what they say.
    static func children(of monitors: [Int32: Member]) -> [Member] {
        ((try? Proc.pids()) ?? []).compactMap { number in
            guard let (_, fields) = Proc.stat(number), fields.count > 1, let parent = Int32(fields[1]), var member = monitors[parent],
                Proc.pid(at: number) != nil
            else { return nil }
            member.number = number
            return member
        }
    }
}
