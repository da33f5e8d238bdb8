import Testing

@testable import Prompt

@Suite struct HistoryTextTests {
    private func entries(_ text: String, isCut: Bool = false) -> [String] {
        HistoryText.entries(Array(text.utf8), isCut: isCut).map {
            ($0.stamp.map { String(decoding: $0, as: UTF8.self) + " " } ?? "") + String(decoding: $0.text, as: UTF8.self)
        }
    }

    @Test(
        arguments: [
            ("", []), ("#1\nx = 1\n", ["#1 x = 1"]), ("#1\nx = 1\n#22\ny\n", ["#1 x = 1", "#22 y"]),
            // Several lines are one entry, empty ones among them too.
            ("#1\ndo\n\nend\n#2\ny\n", ["#1 do\n\nend", "#2 y"]),
            // Before the first time stamp each line is one.
            ("x\n\ny\n", ["x", "y"]), ("x\n#1\ny", ["x", "#1 y"]),
            // What only looks like a stamp.
            ("#1\n#t\n#2\n#1 + 1\n", ["#1 #t", "#2 #1 + 1"]), ("#1\n#\n", ["#1 #"]),
            // The end of a file whose writer was killed.
            ("#1\nx\n#2\n", ["#1 x"]), ("#1\nx\n#2\ny", ["#1 x", "#2 y"]),
        ] as [(String, [String])])
    func areRead(_ text: String, _ expected: [String]) { #expect(entries(text) == expected) }

    @Test func whatIsCutBeginsWithAWholeOne() {
        #expect(entries("rest of it\n#1\nx\n", isCut: true) == ["#1 x"])
        #expect(entries("rest of it", isCut: true) == [])
    }

    @Test func whatIsWrittenIsRead() {
        let all = [
            HistoryText.Entry(stamp: Array("#1".utf8), text: [0xff, 10, 10, 0x41]), HistoryText.Entry(stamp: Array("#2".utf8), text: [9]),
        ]
        #expect(HistoryText.entries(all.flatMap { HistoryText.bytes($0) }) == all)
    }
}
