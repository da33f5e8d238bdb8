import Glibc
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

    @Test func idsAreGivenAsWholeRangesOnly() {
        var path = Array("/tmp/nssh-subuid-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        defer {
            close(file)
            unlink(path)
        }
        let lines = Array("\(geteuid()):100000:1000\n\(geteuid() + 1):50000:1000\n".utf8)
        #expect(write(file, lines, lines.count) == lines.count)
        let name = String(decoding: path.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        func gives(_ ranges: (UInt32, UInt32)...) -> Bool {
            Subordinate.gives(ranges.map { IDRange(inside: 0, outside: $0.0, count: $0.1) }, in: name)
        }
        #expect(gives((100_000, 1000)) && gives((100_999, 1), (100_500, 2)))
        #expect(!gives((99_999, 2)) && !gives((0, 1)) && !gives((100_999, 2)) && !gives((100_000, 1001)) && !gives((100_000, .max)))
        #expect(!gives((100_000, 1), (50_000, 1)), "another's")
    }
}
