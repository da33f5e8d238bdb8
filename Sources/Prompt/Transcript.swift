/// What was typed and worked, as a script.
struct Transcript {
    private var lines: [String] = []

    mutating func add(_ text: String, _ kind: Chunk.Kind, _ place: String?) {
        if let place, case .locals(let variables) = kind {
            let names = variables.map(\.name).joined(separator: ", ")
            lines.append("local \(names) = ns.call(\(place), function() \(text) return \(names) end)")
        } else if let place {
            let body = kind == .expression ? "return \(text)" : text
            lines.append("print(ns.call(\(place), function() \(body) end))")
        } else {
            lines.append(kind == .expression ? "print(\(text))" : text)
        }
    }

    /// Adds a line as it is.
    mutating func add(line: String) { lines.append(line) }

    /// The script; nil when there is nothing yet.
    var script: String? {
        lines.isEmpty ? nil : "-- Saved from nssh's prompt: nssh THIS_FILE\n" + lines.map { $0 + "\n" }.joined()
    }
}
