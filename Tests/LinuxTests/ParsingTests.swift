import Testing

@testable import Linux

@Suite struct ParsingTests {
    private func read(_ line: String) -> Mount? { Mount(line: Array(line.utf8)[...]) }

    @Test func aLineOfMountinfo() throws {
        let mount = try #require(read("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"))
        #expect(mount.id == 36 && mount.parent == 35 && mount.root == "/mnt1" && mount.target == "/mnt2")
        #expect(mount.propagation == "slave" && mount.type == "ext3" && mount.source == "/dev/root")
    }

    @Test func propagationTags() {
        #expect(read("1 2 0:1 / / rw shared:3 - tmpfs none rw")?.propagation == "shared")
        #expect(read("1 2 0:1 / / rw shared:3 master:1 - tmpfs none rw")?.propagation == "shared,slave")
        #expect(read("1 2 0:1 / / rw - tmpfs none rw")?.propagation == "private")
        #expect(read("1 2 0:1 / / rw unbindable - tmpfs none rw")?.propagation == "unbindable")
    }

    @Test func escapesInPaths() { #expect(read(#"1 2 0:1 / /a\040b\134c rw - tmpfs none rw"#)?.target == #"/a b\c"#) }

    @Test(arguments: ["", "1", "1 2 3 4 5 6 7", "x y 0:1 / / rw - tmpfs none rw", "1 2 0:1 / / rw -"])
    func whatIsNoLine(text: String) { #expect(read(text) == nil) }

    @Test func signalNames() {
        #expect(Signals.name(9) == "SIGKILL" && Signals.name(64) == "SIG64")
        for name in ["KILL", "SIGKILL", "sigkill", "kill"] { #expect(Signals.number(name) == 9) }
        #expect(Signals.number("NONE") == nil && Signals.number("") == nil)
    }

    @Test func everyTypeHasItsFlag() {
        #expect(NamespaceType.allCases.count == 8)
        #expect(Set(NamespaceType.allCases.map(\.flag)).count == 8)
        for type in NamespaceType.allCases { #expect(NamespaceType(flag: type.flag) == type) }
        #expect(NamespaceType(name: "mount") == .mnt && NamespaceType(name: "pidd") == nil)
        var types = NamespaceTypes(.uts)
        types.insert(.time)
        #expect(types.description == "CLONE_NEWUTS|CLONE_NEWTIME")
        types.remove(.uts)
        #expect(types.list == [.time])
    }
}
