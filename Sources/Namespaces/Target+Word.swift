import Glibc
import Linux

extension Target {
    /// What a name is wanted for. To enter, root or the caller has to vouch for it: what runs there is lent the caller's word. To look, what
    /// nobody vouches for will do, if there is only one.
    public enum Purpose { case entering, looking }

    /// What a word on a command line names: a pid, an inode number, `net:[4026531840]`, a path, or else the name of a container, a net
    /// namespace of ip-netns(8), a pin or a command, in this order; for root also `USER/NAME`.
    ///
    /// - Throws: when it names nothing, or processes that are not in the same namespaces, or to enter what nobody vouches for.
    public init(word: [UInt8], for purpose: Purpose = .entering) throws(Failure) {
        let text = word.lossy
        if let number = Int(text) {
            try self.init(number)
            return
        }
        if text == "self" || Target.readLink(text) != nil {
            try self.init(word)
            return
        }
        if word.contains(UInt8(ascii: "/")) {
            guard let (_, user) = Target.userAndName(word) else {
                try self.init(word)
                return
            }
            if (try? System.stat(word, followingLinks: false)) != nil {
                throw Failure(
                    code: "EINVAL", "\(word.shown) is a file here, and a name of user \(user)", stage: "find", target: text,
                    hint: "./\(word.shown) is the file; a process has a pid")
            }
        }
        self = try Target.named(word, for: purpose)
    }

    /// What bears a name, `USER/NAME` for root: nothing else is tried, such as a number or a path.
    ///
    /// - Throws: ENOENT when nothing does; EPERM when nobody vouches for what does, to enter; EINVAL for more than one.
    public static func named(_ word: [UInt8], for purpose: Purpose = .entering) throws(Failure) -> Target {
        var (name, user) = (word, UInt32?.none)
        if let (rest, uid) = userAndName(word) { (name, user) = (rest, uid) }
        let found = Find(name, of: user)
        let vouched = found.items.filter(\.isVouched)
        let kind = ["container", "netns", "pin", "process"].first { kind in vouched.contains { $0.kind == kind } }
        // Of what nobody vouches for, none goes before another.
        let items = kind.map { kind in vouched.filter { $0.kind == kind } } ?? (purpose == .looking ? found.items : [])
        if items.isEmpty { throw found.items.isEmpty ? nothing(word, found) : unvouched(word, found.items) }
        guard let pid = items[0].pid else {
            guard items.count == 1, let path = items[0].path else { throw ambiguous(word, items) }
            return .path(path)
        }
        for other in items.dropFirst() where other.pid.map({ differs(pid, $0) }) ?? true { throw ambiguous(word, items) }
        if purpose == .looking { return .pid(pid) }
        // Another may have the number by now. What is vouched for once more while it is held is the one that will be entered.
        let held = try HeldPid(pid)
        guard Find(name, of: user).items.contains(where: { $0.isVouched && $0.pid == pid }), try !held.hasEnded() else {
            throw Failure(
                code: "ENDED", "what was called \"\(word.shown)\" has ended: pid \(pid)", errno: ESRCH, stage: "find", target: word.shown)
        }
        return .held(held)
    }

    /// Whether two processes are not in the same namespaces, as far as can be seen. One that has ended meanwhile is no doubt.
    private static func differs(_ pid: Int32, _ other: Int32) -> Bool {
        do throws(Failure) { return try !Inspect.difference(.pid(pid), .pid(other)).isEmpty } catch {
            return ![ENOENT, ESRCH].contains(error.errno?.rawValue ?? 0)
        }
    }

    /// The two sides of `USER/NAME`, a name or a number before the only slash; nil for anything else, and where the caller is not root.
    private static func userAndName(_ word: [UInt8]) -> (name: [UInt8], uid: UInt32)? {
        let parts = word.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard geteuid() == 0, parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, ![".", ".."].contains(Array(parts[0]).lossy),
            let uid = UInt32(Array(parts[0]).lossy) ?? Users.id(of: Array(parts[0]).lossy)
        else { return nil }
        return (Array(parts[1]), uid)
    }

    // MARK: Errors

    private static func nothing(_ word: [UInt8], _ found: Find) -> Failure {
        let unread = found.unreadable.isEmpty ? "" : "; \(found.unreadable.count) things could not be looked at"
        return Failure(
            code: "ENOENT", "nothing is called \"\(word.shown)\"\(unread)", stage: "find", target: word.shown,
            hint: "a target is a pid, an inode number, net:[4026531840], a path with a /, or the name of a container, "
                + "a net namespace of ip netns, a pin or a command")
    }

    private static func unvouched(_ word: [UInt8], _ items: [Find.Item]) -> Failure {
        Failure(
            code: "EPERM", "nobody vouches for the name \"\(word.shown)\": \(list(items))", stage: "find", target: word.shown,
            hint: "name it \(how(items))\(asUser(word, items).map { ", or as \($0)" } ?? ""); nssh find shows who has called it so")
    }

    private static func ambiguous(_ word: [UInt8], _ items: [Find.Item]) -> Failure {
        Failure(
            code: "EINVAL", "\"\(word.shown)\" is more than one: \(list(items))", stage: "find", target: word.shown,
            hint: "say which \(how(items))")
    }

    private static func list(_ items: [Find.Item]) -> String {
        let texts = items.prefix(8).map { item -> String in
            guard let pid = item.pid else { return (item.path ?? []).shown }
            let user = item.uid.map { uid in " of uid \(uid)\(Users.name(of: uid).map { " (\([UInt8]($0.utf8).shown))" } ?? "")" } ?? ""
            let command = commandLine(pid)
            return "pid \(pid)\(user)\(command.isEmpty ? "" : ", \(command)")"
        }
        return texts.joined(separator: "; ") + (items.count > 8 ? "; and \(items.count - 8) more" : "")
    }

    /// How to name one of them all the same.
    private static func how(_ items: [Find.Item]) -> String {
        items.lazy.compactMap(\.pid).first.map { "by its pid, such as \($0)" } ?? "by its path, such as \((items[0].path ?? []).shown)"
    }

    /// `USER/NAME` where that names one of them: the user owns its user namespace.
    private static func asUser(_ word: [UInt8], _ items: [Find.Item]) -> String? {
        guard geteuid() == 0, !word.contains(UInt8(ascii: "/")) else { return nil }
        for item in items.prefix(8) {
            guard let pid = item.pid, let owner = try? Target.pid(pid).open(.user).ownerUid(),
                Find(word, of: owner).items.contains(where: { $0.isVouched && $0.pid == pid })
            else { continue }
            return "\([UInt8]((Users.name(of: owner) ?? String(owner)).utf8).shown)/\(word.shown)"
        }
        return nil
    }

    private static func commandLine(_ pid: Int32) -> String {
        guard let name = try? Proc.name(of: pid), let bytes = try? Proc.read("\(name)/cmdline") else { return "" }
        let words = bytes.prefix(200).split(separator: 0)
        return Array(words.joined(separator: [32]).prefix(60)).shown
    }
}
