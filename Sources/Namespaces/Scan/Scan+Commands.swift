import Linux

/// Command lines: of the first process of each namespace, which stands for it in a list.
extension Scan {
    /// Longer ones are cut.
    private static let longest = 1000

    func readCommands() {
        let processes = Set(firsts.filter { $0 >= 0 }.map { Int($0) / Inspect.links.count })
        for process in processes {
            guard let bytes = try? Proc.read("\(numbers[process])/cmdline") else { continue }
            // Words end with a NUL; a process that has written over them may have left several.
            let words = bytes.prefix(Scan.longest).split(separator: 0)
            if !words.isEmpty { snapshot.processes[process].command = Array(words.joined(separator: [32])).lossy }
        }
    }
}
