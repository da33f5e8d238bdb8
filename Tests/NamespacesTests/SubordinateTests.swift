import Testing

@testable import Namespaces

@Suite struct SubordinateTests {
    @Test func linesOfTheUserAreRead() {
        let text = "root:1:2\nme:100000:65536\n# me:1:1\nme:5\nother:7:8\n1000:300000:10\nme:4294967295:2\nme:9:0\nme:x:1\n"
        let found = Subordinate.parse(text, users: ["me", "1000"])
        #expect(found.map(\.start) == [100_000, 300_000])
        #expect(found.map(\.count) == [65_536, 10])
    }
}
