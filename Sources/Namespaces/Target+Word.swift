import Linux

extension Target {
    /// What a word on a command line names: a pid, an inode number, `net:[4026531840]`, a path, or else the name of a container, a net
    /// namespace of ip-netns(8), a pin or a command, in this order.
    ///
    /// - Throws: when it names nothing, or processes that are not in the same namespaces.
    public init(word: [UInt8]) throws(Failure) {
        let text = word.lossy
        if let number = Int(text) {
            try self.init(number)
            return
        }
        if text == "self" || word.contains(UInt8(ascii: "/")) || Target.readLink(text) != nil {
            try self.init(word)
            return
        }
        let found = Find(word)
        guard let first = ["container", "netns", "pin", "process"].lazy.compactMap({ kind in found.items.first { $0.kind == kind } }).first
        else {
            let unread = found.unreadable.isEmpty ? "" : "; \(found.unreadable.count) things could not be looked at"
            throw Failure(
                code: "ENOENT", "nothing is called \"\(text)\"\(unread)", stage: "find", target: text,
                hint: "a target is a pid, an inode number, net:[4026531840], a path with a /, or the name of a container, "
                    + "a net namespace of ip netns, a pin or a command")
        }
        let others = found.items.filter { $0.kind == first.kind }
        guard let pid = first.pid else {
            guard others.count == 1, let path = first.path else { throw Target.ambiguous(text, others.compactMap { $0.path?.lossy }) }
            self = .path(path)
            return
        }
        for other in others.dropFirst() {
            // One that has ended meanwhile is no doubt.
            guard let other = other.pid, let differs = try? !Inspect.difference(.pid(pid), .pid(other)).isEmpty else { continue }
            if differs { throw Target.ambiguous(text, others.compactMap { $0.pid.map { "pid \($0)" } }) }
        }
        self = .pid(pid)
    }

    private static func ambiguous(_ name: String, _ candidates: [String]) -> Failure {
        let shown = candidates.prefix(8).joined(separator: ", ") + (candidates.count > 8 ? ", …" : "")
        return Failure(
            code: "EINVAL", "\"\(name)\" is more than one: \(shown)", stage: "find", target: name, hint: "say which")
    }
}
