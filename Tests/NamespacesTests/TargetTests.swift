import Linux
import Testing

@testable import Namespaces

@Suite struct TargetTests {
    @Test func integersArePidsOrInodes() throws {
        guard case .pid(1) = try Target(1), case .pid(4_194_304) = try Target(4_194_304),
            case .inode(4_194_305, nil) = try Target(4_194_305)
        else {
            Issue.record("pids end at 2^22")
            return
        }
        #expect(throws: Failure.self) { try Target(0) }
        #expect(throws: Failure.self) { try Target(-5) }
    }

    @Test func stringsAreLinksPathsOrSelf() throws {
        guard case .own = try Target(Array("self".utf8)), case .inode(4_026_531_838, .uts) = try Target(Array("uts:[4026531838]".utf8)),
            case .inode(7, .mnt) = try Target(Array("mount:[7]".utf8)), case .path = try Target(Array("./x".utf8))
        else {
            Issue.record("a string was read as another kind of target")
            return
        }
        for text in ["", "uts", "uts:[]", "uts:[x]", "foo:[1]", "uts:[99999999999999999999999]"] {
            #expect(throws: Failure.self, "\(text)") { try Target(Array(text.utf8)) }
        }
    }
}

@Suite struct EnvironmentTests {
    @Test func anOverlayReplacesAddsAndRemoves() {
        var options = Options()
        options.clearEnvironment = true
        options.environment = [
            Options.Variable(Array("A".utf8), Array("1".utf8)), Options.Variable(Array("AB".utf8), Array("2".utf8)),
            Options.Variable(Array("A".utf8), nil),
        ]
        #expect(Environment.merged(options)?.map(\.lossy) == ["AB=2"])
    }

    @Test func anUnchangedEnvironmentIsNotCopied() {
        var options = Options()
        #expect(Environment.merged(options) == nil)
        #expect(Environment.candidates(Array("x".utf8), nil).allSatisfy { $0.last == UInt8(ascii: "x") })
        options.clearEnvironment = true
        #expect(Environment.merged(options) == [])
    }

    @Test func programsAreLookedForInTheChildsPath() {
        let environment = [Array("PATH=/a::/b".utf8)]
        #expect(Environment.candidates(Array("x".utf8), environment).map(\.lossy) == ["/a/x", "./x", "/b/x"])
        #expect(Environment.candidates(Array("./x".utf8), environment).map(\.lossy) == ["./x"])
        #expect(Environment.candidates(Array("x".utf8), []).count == 3)
    }
}
