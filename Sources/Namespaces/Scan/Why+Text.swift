import Linux

extension Snapshot {
    /// An answer as sentences; what is many is shortened.
    public func text(of why: Why) -> String {
        var lines = [Snapshot.opening(why)]
        if let key = why.key, why.isInitial {
            lines.append("The kernel made it at boot, as the first \(key.type.rawValue) namespace; it lives until the machine ends.")
        } else {
            if !why.certain.isEmpty { lines.append(sentence("Held for certain by", texts(why.certain))) }
            if !why.suspects.isEmpty { lines.append(sentence("May be held by", texts(why.suspects))) }
            if why.life == .alive, !why.isExplained { lines.append("Nothing that could be seen holds it for certain.") }
        }
        if !why.isInitial, !why.unseen.isEmpty { lines.append(sentence("Not seen", why.unseen)) }
        if !why.release.isEmpty {
            lines.append(sentence("To let go of it", why.release.map { TextEscape.escape($0.utf8, as: .line) }, most: 8, mark: ""))
        }
        return lines.joined(separator: "\n")
    }

    private static func opening(_ why: Why) -> String {
        switch why.life {
        case .alive: "\(why.subject) is alive."
        case .dead: "\(why.subject) is no longer alive."
        case .unknown: "\(why.subject) was not found: it is dead, or held by something that could not be seen."
        }
    }

    /// One thing on the same line, more on a line each.
    private func sentence(_ start: String, _ parts: [String], most: Int = 12, mark: String = ".") -> String {
        if parts.count == 1 { return "\(start): \(parts[0])\(mark)" }
        let shown = parts.count > most + 1 ? parts[..<most] + ["… and \(parts.count - most) more"] : parts[...]
        return "\(start):\n" + shown.map { "  \($0)" }.joined(separator: "\n")
    }

    /// Holders in words; many of a kind are counted after the first.
    private func texts(_ holders: [Holder]) -> [String] {
        var texts: [String] = []
        for kind in Holder.Kind.allCases {
            let all = holders.filter { $0.kind == kind }
            let shown = all.count > 6 ? all.prefix(5) : all[...]
            for holder in shown { texts.append(text(of: holder) + reason(holder)) }
            if all.count > shown.count { texts.append("\(all.count - shown.count) more like that") }
        }
        return texts
    }

    /// What holds the namespace that is a holder: one step further.
    private func reason(_ holder: Holder) -> String {
        guard let other = holder.namespace else { return "" }
        let holders = holders(of: other).filter(\.isCertain)
        guard let first = holders.first else { return "" }
        let more = holders.count > 1 ? "; \(holders.count - 1) more" : ""
        return ", held by \(text(of: first))\(more)"
    }
}
