import Linux

/// Command lines: of the first process of each namespace, which stands for it in a list.
extension Scan {
    /// Longer ones are cut.
    private static let longest = 1000

    func readCommands() {
        var isSeen = [Bool](repeating: false, count: count)
        for process in snapshot.processes.indices {
            var isFirst = false
            for link in NamespaceType.allCases.indices {
                let place = snapshot.places[process * Inspect.links.count + link]
                guard place >= 0, !isSeen[Int(place)] else { continue }
                isSeen[Int(place)] = true
                isFirst = true
            }
            guard isFirst, let bytes = try? Proc.read("\(snapshot.processes[process].pid)/cmdline") else { continue }
            // Words end with a NUL; a process that has written over them may have left several.
            let words = bytes.prefix(Scan.longest).split(separator: 0)
            if !words.isEmpty { snapshot.processes[process].command = Array(words.joined(separator: [32])).lossy }
        }
    }
}
