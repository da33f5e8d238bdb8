extension Snapshot.Difference {
    /// A line for each namespace and each holder that came or went; for initial namespaces, where processes come and go all the time,
    /// only how many.
    public func text(_ before: Snapshot, _ after: Snapshot) -> String {
        var lines: [String] = []
        func add(_ sign: String, _ item: (key: NamespaceKey, holders: [Holder]), _ snapshot: Snapshot) {
            let more = item.holders.count > 1 ? "; \(item.holders.count - 1) more" : ""
            let first = item.holders.first.map { ": \(snapshot.text(of: $0))\(more)" } ?? ""
            lines.append("\(sign) \(item.key.link)\(first)")
        }
        for item in died { add("-", item, before) }
        for item in born { add("+", item, after) }
        for change in changed {
            if after[change.key]?.isInitial == true || change.came.count + change.went.count > 8 {
                lines.append("  \(change.key.link)  holders: \(change.came.count) came, \(change.went.count) went")
                continue
            }
            lines.append("  \(change.key.link)")
            for holder in change.went { lines.append("    - \(before.text(of: holder))") }
            for holder in change.came { lines.append("    + \(after.text(of: holder))") }
        }
        if isEmpty { lines.append("no difference") }
        if !ignored.isEmpty { lines.append("looked at by one only: \(ignored.map(\.rawValue).joined(separator: ", "))") }
        return lines.joined(separator: "\n")
    }
}
