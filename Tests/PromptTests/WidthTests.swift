import Linux
import Testing

@Suite struct WidthTests {
    @Test(arguments: [
        ("abc", 3), ("", 0), ("é", 1), ("e\u{301}", 1), ("你好", 4), ("ｆｕｌｌ", 8), ("한국", 4), ("🙂", 2), ("👨‍👩‍👧", 2), ("🇩🇪", 2), ("❤️", 2), ("❤", 1),
        ("→", 1), ("…", 1), ("ﾊﾝｶｸ", 4), ("\u{200b}", 0),
    ])
    func columns(_ text: String, _ columns: Int) { #expect(TextWidth.of(text) == columns, "\(text)") }

    @Test(arguments: [("abcdef", 4, "abc…"), ("abc", 3, "abc"), ("你好吗", 4, "你…"), ("你好吗", 5, "你好…"), ("ab", 0, "")])
    func cutting(_ text: String, _ columns: Int, _ result: String) { #expect(TextWidth.cut(text, to: columns) == result) }

    @Test func wrapping() {
        #expect(TextWidth.wrap("one two three", to: 7) == ["one two", "three"])
        #expect(TextWidth.wrap("incomprehensible x", to: 5) == ["incomprehensible", "x"])
        #expect(TextWidth.wrap("a\n\nb", to: 5) == ["a", "", "b"])
    }
}
