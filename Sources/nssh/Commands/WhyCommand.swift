import Bindings
import Linux
import Namespaces

extension ShellCommand {
    /// ns.why.
    static let why = ShellCommand(
        name: "why", operands: "NAMESPACE ...", most: nil, summary: "Tells why namespaces are alive, and how to let go of them.",
        details: """
            NAMESPACE is PID:TYPE (4711:net, self:uts), an inode number, net:[4026531840], a path, or the name of a net namespace of ip netns or of a pin.
            In JSON path_bytes are the bytes of a path that is not UTF-8. From a file, a path that does not lead to the namespace here is in the texts \
            only, marked as said by the file.
            Exit code: 0 if each is alive and that is explained; 1 if one is dead, not found, or held by nothing that could be seen; 2 after a wrong \
            option.
            """,
        options: [Option("J", "json", "as JSON"), ScanArguments.from]
    ) { line throws(CommandError) in
        if line.operands.isEmpty { throw .usage("why what? NAMESPACE is missing") }
        let loaded = try ScanArguments.load(line)
        var subjects: [Subject] = []
        for word in line.operands { subjects.append(try subject(word, in: loaded)) }
        // One look for all; for a single one that costs less.
        let options = ScanOptions.directed(at: subjects.count == 1 ? subjects[0].type : nil)
        let snapshot = try ScanArguments.snapshot(loaded, options)
        let answers = subjects.map { snapshot.why($0) }
        if line.has("json") {
            writeOut(JSON.object([("why", .array(answers.map { snapshot.json(of: $0) }))]).text)
        } else {
            writeOut(answers.map { snapshot.text(of: $0) + "\n" }.joined(separator: "\n"))
        }
        return answers.allSatisfy { $0.life == .alive && $0.isExplained } ? 0 : 1
    }

    /// `4711:net`, or what is a namespace by itself.
    private static func subject(_ word: [UInt8], in snapshot: Snapshot?) throws(CommandError) -> Subject {
        var name = word
        var type: NamespaceType?
        if let colon = word.lastIndex(of: UInt8(ascii: ":")), let named = NamespaceType(name: Array(word[(colon + 1)...]).lossy) {
            (name, type) = (Array(word[..<colon]), named)
        }
        let target = try ScanArguments.target(name, in: snapshot)
        if target.isProcess, type == nil {
            throw .usage("\(word.lossy) is in a namespace of each type; say which: \(word.lossy):net")
        }
        return try ScanArguments.subject(target, type, in: snapshot)
    }
}

extension Snapshot {
    /// An answer with the fields of ns.why.
    fileprivate func json(of why: Why) -> JSON {
        let alive: JSON =
            switch why.life {
            case .alive: .boolean(true)
            case .dead: .boolean(false)
            case .unknown: .null
            }
        return .object([
            ("namespace", .string(why.subject)), ("alive", alive), ("explained", .boolean(why.isExplained)),
            ("initial", .boolean(why.isInitial)), ("certain", .array(why.certain.map { json(of: $0) })),
            ("suspects", .array(why.suspects.map { json(of: $0) })), ("unseen", .array(why.unseen.map { .string($0) })),
            ("release", .array(why.release.map { .string($0) })),
        ])
    }

    /// A holder with the fields of ns.holders.
    private func json(of holder: Holder) -> JSON {
        .fields([
            ("kind", .string(holder.kind.rawValue)), ("pid", holder.pid.map { .integer(Int($0)) }),
            ("tid", holder.tid.map { .integer(Int($0)) }), ("fd", holder.descriptor.map { .integer(Int($0)) }),
            ("path", holder.knownPath.map { .string($0.lossy) }),
            ("path_bytes", holder.knownPath.flatMap { .bytes($0) }),
            ("mnt", holder.mountNamespace.map { .string(NamespaceKey(.mnt, $0).link) }),
            ("namespace", holder.namespace.map { .string($0.link) }), ("detail", holder.detail.map { .string($0) }),
            ("text", .string(text(of: holder))), ("release", release(of: holder).map { .string($0) }),
        ])
    }
}
