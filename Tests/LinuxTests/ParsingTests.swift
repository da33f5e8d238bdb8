import Testing

@testable import Linux

@Suite struct ParsingTests {
    private func read(_ line: String) -> Mount? { Mount(line: Array(line.utf8)[...]) }

    @Test func aLineOfMountinfo() throws {
        let mount = try #require(read("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"))
        #expect(mount.id == 36 && mount.parent == 35 && mount.root.lossy == "/mnt1" && mount.target.lossy == "/mnt2")
        #expect(mount.propagation == "slave" && mount.type == "ext3" && mount.source.lossy == "/dev/root")
    }

    @Test func propagationTags() {
        #expect(read("1 2 0:1 / / rw shared:3 - tmpfs none rw")?.propagation == "shared")
        #expect(read("1 2 0:1 / / rw shared:3 master:1 - tmpfs none rw")?.propagation == "shared,slave")
        #expect(read("1 2 0:1 / / rw - tmpfs none rw")?.propagation == "private")
        #expect(read("1 2 0:1 / / rw unbindable - tmpfs none rw")?.propagation == "unbindable")
    }

    @Test func escapesInPaths() { #expect(read(#"1 2 0:1 / /a\040b\134c rw - tmpfs none rw"#)?.target.lossy == #"/a b\c"#) }

    @Test func pathsKeepTheirBytes() throws {
        let target: [UInt8] = [0x2f, 0xff, 0x61]
        let line = Array("1 2 0:1 ".utf8) + target + [0x20] + target + Array(" rw - tmpfs ".utf8) + target + Array(" rw".utf8)
        let mount = try #require(Mount(line: line[...]))
        #expect(mount.root == target && mount.target == target && mount.source == target)
        let table = MountTable(mountinfo: line)
        #expect(table.place(of: table.entries[0]) == MountTable.Place(root: target, point: target))
    }

    @Test(arguments: [#"a\"#, #"a\04"#, #"a\048"#, #"a\777"#, #"\xyz"#])
    func whatIsNoEscapeStays(text: String) { #expect(Mount.unescaped(Array(text.utf8)[...]).lossy == text) }

    @Test func aZeroByteIsRefused() throws {
        let name: [UInt8] = [0x61, 0, 0x62]
        #expect(throws: Failure.self) { try name.cString("open") }
        let steps: [Step.Action] = [
            .sethostname(name), .setdomainname(name), .linkUp(name), .chdir(name),
            .mount(source: name, target: [0x2f], type: nil, flags: 0, data: nil),
            .mount(source: nil, target: name, type: nil, flags: 0, data: nil),
            .mount(source: nil, target: [0x2f], type: name, flags: 0, data: nil),
            .mount(source: nil, target: [0x2f], type: nil, flags: 0, data: name),
            .exec(candidates: [name], arguments: [[0x61]], environment: nil),
            .exec(candidates: [[0x61]], arguments: [name], environment: nil),
            .exec(candidates: [[0x61]], arguments: [[0x61]], environment: [name]),
        ]
        for step in steps {
            do throws(Failure) {
                try Launch.inPlace([Step(step)])
                Issue.record("\(step) was carried out")
            } catch { #expect(error.code == "EINVAL" && error.message.contains("zero byte"), "\(error.message)") }
        }
    }

    @Test(arguments: ["", ".", "..", "a/b", "a:b", "a b", "0123456789abcdef"])
    func whatIsNoNameOfALinkIsRefused(name: String) {
        do throws(Failure) {
            try Network.set(Array(name.utf8), up: true)
            Issue.record("'\(name)' was brought up")
        } catch { #expect(error.code == "EINVAL" && error.hint?.contains("15 bytes") == true, "\(error.message)") }
    }

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

    @Test func linesOfPasswd() {
        let lines = [
            "root:x:0:0:root:/root:/bin/sh", "second:x:0:0::/:", ":x:1:1::/:", "\u{1b}c:x:2:2::/:", "no line", "big:x:4294967296:0::/:",
            "last:x:7:7",
        ]
        let entries = Users.parse(Array(lines.joined(separator: "\n").utf8) + [10, 0xff] + Array(":x:8:8:".utf8))
        #expect(entries.map(\.name) == ["root", "second", "last"] && entries.map(\.uid) == [0, 0, 7])
    }
}
