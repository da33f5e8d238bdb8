import Bindings
import CReadline
import Glibc
import Linux
import LuaKit

/// Completion in readline: ⇥ completes, a second one lists; directly after `(` or `{` the first shows what is called.
enum Completer {
    nonisolated(unsafe) private static var lua: Lua?
    /// What completion asks the prompt for.
    nonisolated(unsafe) private static var sources = CompletionSources()
    /// The lines of the chunk before the present one.
    nonisolated(unsafe) static var pending = ""
    nonisolated(unsafe) private static var last: Completion?
    /// So many of the matches readline gets, which sorts them; what all have in common it is told, and the list is ours.
    private static let mostMatches = 500

    /// Sets readline up.
    static func install(_ session: Session) {
        lua = session.state.lua
        sources = CompletionSources(
            commands: Command.all.map { PromptCommand($0) }, localNames: { session.locals.names },
            pushLocal: { session.locals.push($0, $1) })
        Hint.install(hint)
        nssh_rl_set_completion({ _, start, _ in Completer.complete(from: Int(start)) }, { _, _, _ in Completer.list() })
    }

    /// The matches as readline wants them: what they have in common first, then each. It replaces what stands from `start`, which
    /// need not be where our word starts.
    private static func complete(from start: Int) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        guard let lua else { return nil }
        let line = Array(UnsafeRawBufferPointer(start: nssh_rl_line(), count: Int(nssh_rl_point())))
        let completion = Completion(lua, line, pending: Array((pending.isEmpty ? "" : pending + "\n").utf8), sources: sources)
        last = completion
        let isEmpty = completion.start == line.count
        if let signature = completion.signature, nssh_rl_completion_type() != Int32(UInt8(ascii: "?")),
            completion.candidates.isEmpty || isEmpty && completion.candidates.count > 1
        {
            show(signature.text(columns: Printer.terminalColumns, Colours(areOn: Colours.wanted(1))))
        }
        guard !completion.candidates.isEmpty, start <= line.count, completion.start <= line.count else { return nil }
        let before = start < completion.start ? Array(line[start..<completion.start]) : []
        let skipped = max(start - completion.start, 0)
        func word(_ text: some Sequence<UInt8>) -> [UInt8] { before + Array(text.dropFirst(skipped)) }
        var words = completion.candidates.prefix(mostMatches).map { word($0.text.utf8) }
        if words.count == 1 {
            words = [words[0] + Array(completion.candidates[0].suffix.utf8)]
        } else {
            words.insert(word(common(completion.candidates)), at: 0)
        }
        // readline frees it.
        let size = (words.count + 1) * MemoryLayout<UnsafeMutablePointer<CChar>?>.size
        guard let block = malloc(size) else { return nil }
        let matches = block.assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self)
        for (position, word) in words.enumerated() { matches[position] = (try? word.cString("complete")).flatMap { strdup($0) } }
        matches[words.count] = nil
        return matches
    }

    /// One line about the call at the end of a line.
    private static func hint(_ line: [UInt8]) -> String? {
        guard let lua, line.contains(where: { $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: "{") }) else { return nil }
        let top = lua.top
        defer { lua.top = top }
        let before = Array((pending.isEmpty ? "" : pending + "\n").utf8)
        return Completion(lua, line, pending: before, sources: sources, onlySignature: true).signature?.line
    }

    /// What all candidates start with.
    private static func common(_ candidates: [Candidate]) -> [UInt8] {
        let first = Array(candidates[0].text.utf8)
        var count = first.count
        for candidate in candidates {
            var same = 0
            for byte in candidate.text.utf8 {
                if same == count || byte != first[same] { break }
                same += 1
            }
            count = same
        }
        return Array(first[..<count])
    }

    /// Below the line: what can be completed there, in columns.
    private static func list() {
        guard let completion = last else { return }
        let most = 200
        var labels = completion.candidates.prefix(most).map(\.shown)
        labels = labels.map { TextWidth.cut($0, to: Printer.terminalColumns - 1) }
        var lines = columns(labels, Printer.terminalColumns)
        if completion.candidates.count > most {
            lines.append("… \(Quoting.count(completion.candidates.count - most)) more: type more of it")
        }
        if let left = completion.left { lines.append(left) }
        show(lines.joined(separator: "\n"))
    }

    /// Labels in columns, downwards.
    static func columns(_ labels: [String], _ columns: Int) -> [String] {
        let width = (labels.map { TextWidth.of($0) }.max() ?? 0) + 2
        let across = max(1, (columns + 1) / width)
        let rows = (labels.count + across - 1) / across
        return (0..<rows).map { row in
            let cells = stride(from: row, to: labels.count, by: rows).map { labels[$0] }
            return cells.dropLast().map { TextWidth.pad($0, to: width) }.joined() + (cells.last ?? "")
        }
    }

    /// Writes below the line, and the line anew below that.
    private static func show(_ text: String) {
        rl_crlf()
        Hint.clear()
        writeOut(text + "\n")
        StandardStreams.flush()
        rl_forced_update_display()
    }
}
