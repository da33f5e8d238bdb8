import Testing

@testable import LuaKit

@Suite struct TextSearchTests {
    @Test(arguments: [
        ("table expected, got nil", " expected, got ", true), ("table expected", " expected, got ", false), ("abc", "abc", true),
        ("abc", "bcd", false), ("ab", "abc", false), ("aab", "ab", true), ("", "a", false), ("a", "", true),
    ])
    func aTextIsFoundInAText(text: String, part: String, isThere: Bool) { #expect(text.includes(part) == isThere) }
}
