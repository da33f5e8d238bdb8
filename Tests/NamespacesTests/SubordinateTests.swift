import Testing

@testable import Namespaces

@Suite struct SubordinateTests {
    @Test func linesOfTheUserAreRead() {
        let text = "root:1:2\nme:100000:65536\n# me:1:1\nme:5\nother:7:8\n1000:300000:10\nme:4294967295:2\nme:9:0\nme:x:1\n"
        let found = Subordinate.parse(text, users: ["me", "1000"])
        #expect(found.map(\.start) == [100_000, 300_000])
        #expect(found.map(\.count) == [65_536, 10])
    }

    @Test func freeIdsAreNobodyElses() {
        let taken = Subordinate.parse("a:100000:65536\nb:165536:1\n# c\nd:300000:65536\n", users: nil)
        #expect(taken.count == 3)
        #expect(Subordinate.free(from: 100_000, beside: []) == 100_000)
        // 165536 is b's; 231072 to 296607 is nobody's.
        #expect(Subordinate.free(from: 100_000, beside: taken) == 231_072)
        #expect(Subordinate.free(from: 231_073, beside: [(231_000, 74)]) == 296_609)
        #expect(Subordinate.free(from: 100_000, beside: [(0, .max)]) == nil)
    }
}
