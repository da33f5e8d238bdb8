import Linux

/// Processes, for completion: `1234 bash`, of which 1234 is inserted.
enum Pids {
    /// The processes whose pid starts with what was typed, in their order. The name of a command is read when it is shown: thousands
    /// of processes could be there, and only the first of a list are.
    static func starting(with word: String) -> [Candidate] {
        let names = ((try? Proc.entries(of: ".")) ?? []).filter { name in
            name.utf8.allSatisfy { (48...57).contains($0) } && name.utf8.starts(with: word.utf8)
        }
        return names.compactMap { Int($0) }.sorted().map { pid in
            Candidate(String(pid)) {
                let name = (try? Proc.read("\(pid)/comm")) ?? []
                return "\(pid) \(TextEscape.escape(name.prefix { $0 != 10 }))"
            }
        }
    }
}
