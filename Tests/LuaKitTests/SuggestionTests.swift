import Testing

@testable import LuaKit

@Suite struct SuggestionTests {
    private static let names = ["uts", "ipc", "pid", "mnt", "user", "net", "cgroup", "time", "hostname"]

    @Test(arguments: [
        ("utz", "uts"), ("ust", "uts"), ("ut", "uts"), ("utss", "uts"), ("usr", "user"), ("cgruop", "cgroup"),
        ("hostnmae", "hostname"), ("hostame", "hostname"), ("nett", "net"), ("tiem", "time"),
    ])
    func nearWordsAreFound(word: String, name: String) { #expect(suggestion(for: word, among: Self.names) == name) }

    @Test(arguments: ["", "x", "zzz", "uid", "hosts", "namespace", String(repeating: "a", count: 65), "UTS"])
    func othersAreNot(word: String) {
        let found = suggestion(for: word, among: Self.names)
        #expect(found == nil || word == "uid" && found == "pid")
    }

    @Test func theNearestWins() {
        #expect(suggestion(for: "mount", among: ["amount", "mounts", "count"]) == "amount")
        #expect(suggestion(for: "a", among: ["b"]) == nil)
        #expect(suggestion(for: "same", among: ["same"]) == nil)
        #expect(didYouMean("nte", among: ["net"]) == "; did you mean 'net'?")
        #expect(didYouMean("zzz", among: ["net"]) == "")
    }

    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "abc", 3), ("ab", "ba", 1), ("abc", "abd", 1), ("kitten", "sitting", 3),
        ("abcd", "badc", 2),
    ])
    func distances(a: String, b: String, distance: Int) {
        #expect(editDistance(Array(a.utf8), Array(b.utf8)) == distance)
        #expect(editDistance(Array(b.utf8), Array(a.utf8)) == distance)
    }
}
