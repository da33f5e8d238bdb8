import Bindings
import Linux
import Namespaces

extension ShellCommand {
    /// ns.why.
    static let why = ShellCommand(
        name: "why", operands: "NAMESPACE ...", most: nil, summary: "Tells why namespaces are alive, and how to let go of them.",
        details: """
            NAMESPACE is PID:TYPE (4711:net), an inode number, net:[4026531840], a path, or the name of a net namespace of ip netns or of a pin.
            Exit code: 0 if each is alive and that is explained; 1 if one is dead, not found, or held by nothing that could be seen; 2 after a wrong \
            option.
            """,
        options: []
    ) { line throws(CommandError) in
        if line.operands.isEmpty { throw .usage("why what? NAMESPACE is missing") }
        var subjects: [Subject] = []
        for word in line.operands { subjects.append(try subject(word)) }
        // One look for all; a single one costs less.
        var options = ScanOptions.directed(at: nil)
        if subjects.count == 1 { options = .directed(at: subjects[0].type) }
        let snapshot = try commanding { () throws(Failure) in try Scan.take(options) }
        var status: Int32 = 0
        for (position, subject) in subjects.enumerated() {
            let why = snapshot.why(subject)
            writeOut((position > 0 ? "\n" : "") + snapshot.text(of: why) + "\n")
            if why.life != .alive || !why.isExplained { status = 1 }
        }
        return status
    }

    /// `4711:net`, or what is a namespace by itself.
    private static func subject(_ word: [UInt8]) throws(CommandError) -> Subject {
        var target = word
        var type: NamespaceType?
        if let colon = word.lastIndex(of: UInt8(ascii: ":")), let named = NamespaceType(name: Array(word[(colon + 1)...]).lossy) {
            (target, type) = (Array(word[..<colon]), named)
        }
        let found = try commanding { () throws(Failure) in try Target(word: target) }
        if found.isProcess, type == nil {
            throw .usage("\(word.lossy) is in a namespace of each type; say which: \(word.lossy):net")
        }
        return try commanding { () throws(Failure) in try Subject(found, type) }
    }
}
