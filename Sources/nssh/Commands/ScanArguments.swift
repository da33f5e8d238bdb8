import Bindings
import Glibc
import Linux
import LuaKit
import Namespaces

/// What the commands that look through the machine have in common.
enum ScanArguments {
    static let options: [ShellCommand.Option] = [
        ShellCommand.Option(nil, "deep", "look for descriptors in flight, io_uring files, open files of /proc, and suspects, too"),
        ShellCommand.Option(nil, "quick", "look at processes only: what something else holds is missing"),
        ShellCommand.Option("v", "verbose", "name what could not be looked at"),
        from,
    ]
    static let from = ShellCommand.Option(
        nil, "from", .required("FILE"), "in a snapshot of nssh tree --json or snapshot:save, also of another machine")

    /// The snapshot that is asked for by --from; nil: this machine is looked at.
    static func load(_ line: CommandLine) throws(CommandError) -> Snapshot? {
        guard let path = line.value("from") else { return nil }
        return try commanding { () throws(Failure) in try Snapshot.load(path) }
    }

    /// The snapshot that was loaded, or one of this machine.
    static func snapshot(_ loaded: Snapshot?, _ options: ScanOptions) throws(CommandError) -> Snapshot {
        if let loaded { return loaded }
        return try commanding { () throws(Failure) in try Scan.takeVisibly(options) }
    }

    /// What a word names. In a snapshot nothing is looked for by its name.
    static func target(_ word: [UInt8], in loaded: Snapshot?) throws(CommandError) -> Target {
        try commanding { () throws(Failure) in
            if loaded == nil { return try Target(word: word, for: .looking) }
            if let number = Int(word.lossy) { return try Target(number) }
            return try Target(word)
        }
    }

    /// The namespace that is meant.
    static func subject(_ target: Target, _ type: NamespaceType?, in loaded: Snapshot?) throws(CommandError) -> Subject {
        try commanding { () throws(Failure) in
            if let loaded { return try loaded.subject(target, type) }
            return try Subject(target, type)
        }
    }

    /// What to look through.
    static func read(_ line: CommandLine) throws(CommandError) -> ScanOptions {
        var options = ScanOptions()
        if line.has("quick") {
            if line.has("deep") { throw .usage("--quick and --deep exclude each other") }
            options = .processes
        }
        options.deep = line.has("deep")
        return options
    }

    /// Says how much could not be looked at; the exit code stays what it is.
    static func report(_ snapshot: Snapshot, _ line: CommandLine, of command: String) {
        if snapshot.unreadable.isEmpty { return }
        if line.has("verbose") {
            for item in snapshot.unreadable {
                // Of a snapshot in a file, it may be anything.
                let target = item.pid.map { "pid \($0)" } ?? TextEscape.escape(item.target.utf8, as: .line)
                complain("\(command): \(item.source.rawValue): \(target): \(TextEscape.escape(item.text.utf8, as: .line))")
            }
            return
        }
        // Whoever makes nssh stop looking hides something perhaps.
        for item in snapshot.leftOut.prefix(3) { complain("\(command): \(leftOut(item))") }
        let count = snapshot.unreadable.count - min(snapshot.leftOut.count, 3)
        if count == 0 { return }
        complain("\(command): \(count) thing\(count == 1 ? "" : "s") could not be looked at; -v names \(count == 1 ? "it" : "them")")
    }

    /// What nssh has not looked at, as a line.
    static func leftOut(_ item: Snapshot.Unreadable) -> String {
        TextEscape.escape("\(item.source.words) of \(item.target): \(item.text)".utf8, as: .line)
    }

    /// A list of words separated by commas, each of which `read` must know.
    static func list<Item>(
        _ text: String, _ what: String, among names: [String], _ read: (String) -> Item?
    ) throws(CommandError) -> [Item] {
        var items: [Item] = []
        for word in text.split(separator: ",").map({ String($0) }) {
            guard let item = read(word) else {
                throw .usage(
                    "'\(word)' is no \(what)\(didYouMean(word, among: names)); there are \(names.joined(separator: " "))")
            }
            items.append(item)
        }
        return items
    }
}
