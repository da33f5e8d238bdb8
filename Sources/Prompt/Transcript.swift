/// What was typed and worked, as a script.
struct Transcript {
    private var lines: [String] = []

    /// Adds an input.
    ///
    /// - Parameters:
    ///   - place: where it was evaluated, as an expression; nil: here.
    ///   - assigned: what it has assigned to over there, and came back.
    mutating func add(_ text: String, _ kind: Chunk.Kind, _ place: String?, assigned: [String] = []) {
        // What follows must not be part of a comment.
        let hasComment = zip(text.utf8, text.utf8.dropFirst()).contains { $0 == UInt8(ascii: "-") && $1 == UInt8(ascii: "-") }
        let text = hasComment ? text + "\n" : text
        let names = assigned.joined(separator: ", ")
        switch (kind, place) {
        case (.incomplete, _): break
        case (.expression, nil): lines.append("print(\(text))")
        case (.locals, nil): lines.append(text)
        case (.statement, nil): lines.append(text.contains("\n") ? "do\n\(text)\nend" : text)
        // A `return` would end the script.
        case (.returning, nil): lines.append("print((function() \(text) end)())")
        case (.locals(let variables), .some(let place)):
            let names = variables.map(\.name).joined(separator: ", ")
            lines.append("local \(names) = ns.call(\(place), function() \(text) return \(names) end)")
        case (.expression, .some(let place)): lines.append("print(ns.call(\(place), function() return \(text) end))")
        case (.returning, .some(let place)): lines.append("print(ns.call(\(place), function() \(text) end))")
        case (.statement, .some(let place)):
            lines.append(
                names.isEmpty
                    ? "ns.call(\(place), function() \(text) end)"
                    : "\(names) = ns.call(\(place), function() \(text) return \(names) end)")
        }
    }

    /// Adds a shell command.
    mutating func add(shell line: String, _ place: String?) {
        let call = "os.execute(\(Quoting.quote(line.utf8)))"
        lines.append(place.map { "ns.call(\($0), function() \(call) end)" } ?? call)
    }

    /// Adds a line as it is.
    mutating func add(line: String) { lines.append(line) }

    /// The script; nil when there is nothing yet.
    var script: String? {
        lines.isEmpty ? nil : "-- Saved from nssh's prompt: nssh THIS_FILE\n" + lines.map { $0 + "\n" }.joined()
    }
}
