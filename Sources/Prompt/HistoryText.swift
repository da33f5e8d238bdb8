/// The text of a history file, as readline writes it with time stamps: `#1764424800` on a line of its own, then what was typed, in as many
/// lines as it has.
enum HistoryText {
    /// What was typed at once.
    struct Entry: Equatable {
        /// The line before it, `#` and seconds since 1970; nil: none was written.
        var stamp: [UInt8]?
        var text: [UInt8]
    }

    /// The entries of a file. Before the first time stamp, each line is one.
    ///
    /// - Parameter isCut: it begins anywhere: what comes before the first stamp is the rest of something.
    static func entries(_ bytes: [UInt8], isCut: Bool = false) -> [Entry] {
        var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        if isCut { lines = Array(lines.drop { !isStamp($0) }) }
        // Without a stamp each line is one, as readline reads it.
        let plain = lines.prefix { !isStamp($0) }.filter { !$0.isEmpty }.map { Entry(stamp: nil, text: Array($0)) }
        return plain
            + lines.indices.filter { isStamp(lines[$0]) }.compactMap { index in
                let text = Array(lines[(index + 1)...].prefix { !isStamp($0) }.joined(separator: [10]))
                return text.isEmpty ? nil : Entry(stamp: Array(lines[index]), text: text)
            }
    }

    /// The bytes of an entry in the file.
    static func bytes(_ entry: Entry) -> [UInt8] { (entry.stamp.map { $0 + [10] } ?? []) + entry.text + [10] }

    private static func isStamp(_ line: ArraySlice<UInt8>) -> Bool {
        line.count > 1 && line.first == UInt8(ascii: "#")
            && line.dropFirst().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
