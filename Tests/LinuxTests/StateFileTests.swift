import Glibc
import Testing

@testable import Linux

@Suite struct StateFileTests {
    /// A directory of a test's own, gone at its end.
    private final class Place {
        let path: String

        init() {
            var template = Array("/tmp/nssh-state-XXXXXX".utf8CString)
            precondition(mkdtemp(&template) != nil)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }

        deinit { _ = system("rm -rf '\(path)'") }

        func open(_ name: String = "notes", below parts: [String] = ["nssh"]) throws(Failure) -> StateFile {
            try StateFile(name, in: Array(path.utf8), below: parts.map { Array($0.utf8) })
        }

        /// The directory that the file is in.
        func makeDirectory() { mkdir("\(path)/nssh", 0o700) }

        func write(_ name: String, _ text: String) {
            let file = try! Descriptor.open(Array("\(path)/\(name)".utf8), flags: O_WRONLY | O_CREAT | O_TRUNC)
            try! file.writeAll(Array(text.utf8))
        }

        func text(_ name: String) -> String? {
            (try? Descriptor.open(Array("\(path)/\(name)".utf8), flags: O_RDONLY).readAll(limit: 1 << 24))?.lossy
        }

        func mode(_ name: String) -> mode_t? { (try? System.stat(Array("\(path)/\(name)".utf8)))?.st_mode }
    }

    private let place = Place()

    private func refused(_ reason: String, at location: SourceLocation = #_sourceLocation, _ body: () throws -> Void) {
        #expect(sourceLocation: location) {
            try body()
        } throws: { error in
            guard let failure = error as? Failure else { return false }
            return failure.code == "UNSAFE" && failure.message.contains(reason)
        }
    }

    private func contents(_ file: StateFile, last limit: Int = 1000) throws -> (text: String, isCut: Bool) {
        var found = ("", false)
        try file.update(last: limit) { bytes, isCut in
            found = (bytes.lossy, isCut)
            return nil
        }
        return found
    }

    @Test func itIsMadeForItsOwnerOnly() throws {
        let file = try place.open(below: ["a", "b", "nssh"])
        try file.append(Array("one\n".utf8))
        try file.append(Array("two\n".utf8))
        #expect(try contents(file) == ("one\ntwo\n", false))
        #expect(try contents(file, last: 4) == ("two\n", true))
        #expect(place.mode("a/b/nssh/notes") == S_IFREG | 0o600)
        #expect(place.mode("a/b/nssh") == S_IFDIR | 0o700)
        try file.update(last: 1000) { _, _ in Array("less".utf8) }
        try file.append(Array(" and more".utf8))
        #expect(place.text("a/b/nssh/notes") == "less and more")
    }

    @Test func whatEverybodyMayReadIsMadePrivate() throws {
        place.makeDirectory()
        place.write("nssh/notes", "old\n")
        chmod("\(place.path)/nssh/notes", 0o666)
        #expect(try contents(place.open()).text == "old\n")
        #expect(place.mode("nssh/notes") == S_IFREG | 0o600)
    }

    @Test func noLinkIsFollowedToIt() throws {
        place.makeDirectory()
        place.write("victim", "data")
        symlink("\(place.path)/victim", "\(place.path)/nssh/notes")
        refused("is not a regular file") { _ = try place.open() }
        symlink("\(place.path)/nowhere", "\(place.path)/nssh/other")
        refused("is not a regular file") { _ = try place.open("other") }
        #expect(place.text("victim") == "data")
        #expect(place.text("nowhere") == nil)
    }

    @Test func aSecondNameIsOneTooMany() throws {
        place.makeDirectory()
        place.write("victim", "data")
        link("\(place.path)/victim", "\(place.path)/nssh/notes")
        refused("has more than one name") { _ = try place.open() }
        #expect(place.mode("victim").map { $0 & 0o777 } != 0o600)
    }

    @Test func theDirectoryIsNoLinkEither() throws {
        mkdir("\(place.path)/elsewhere", 0o700)
        symlink("\(place.path)/elsewhere", "\(place.path)/nssh")
        refused("is not a directory") { _ = try place.open() }
        #expect(place.text("elsewhere/notes") == nil)
        // Those above it may be: it is the user who says where that is.
        mkdir("\(place.path)/elsewhere/nssh", 0o700)
        symlink("\(place.path)/elsewhere", "\(place.path)/state")
        _ = try place.open(below: ["state", "nssh"])
    }

    @Test(arguments: [S_IFIFO, S_IFSOCK, S_IFDIR]) func nothingIsWaitedFor(_ kind: mode_t) {
        place.makeDirectory()
        let path = "\(place.path)/nssh/notes"
        if kind == S_IFDIR { mkdir(path, 0o700) } else { mknod(path, kind | 0o600, 0) }
        refused("is not a regular file") { _ = try place.open() }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away")) func somebodyElsesIsNotUsed() throws {
        place.makeDirectory()
        place.write("nssh/notes", "theirs")
        chown("\(place.path)/nssh/notes", 65534, 65534)
        refused("belongs to uid 65534") { _ = try place.open() }
        chown("\(place.path)/nssh", 65534, 65534)
        refused("belongs to uid 65534") { _ = try place.open("mine") }
        #expect(place.text("nssh/mine") == nil)
    }

    @Test func whereThereIsNoPlaceThatIsNoMischief() {
        #expect {
            _ = try StateFile("notes", in: Array("/nonesuch/place".utf8), below: [Array("nssh".utf8)])
        } throws: { ($0 as? Failure)?.errno?.rawValue == ENOENT }
    }

    /// After a move to another mnt namespace the path leads elsewhere.
    @Test func itIsTheFileThatWasOpened() throws {
        let file = try place.open()
        rename("\(place.path)/nssh", "\(place.path)/before")
        place.makeDirectory()
        place.write("nssh/notes", "another's")
        try file.append(Array("mine".utf8))
        #expect(place.text("before/notes") == "mine")
        #expect(place.text("nssh/notes") == "another's")
        try file.update(last: 100) { bytes, _ in bytes + Array("!".utf8) }
        #expect(place.text("before/notes") == "mine!")
        #expect(place.text("nssh/notes") == "another's")
    }

    /// Several add to it, and some cut it, at the same time.
    @Test func nothingIsLostThatIsAddedMeanwhile() async throws {
        let path = place.path
        _ = try place.open()
        let open = { @Sendable () throws(Failure) in try StateFile("notes", in: Array(path.utf8), below: [Array("nssh".utf8)]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let file = try open()
                    for number in 0..<200 { try file.append(Array("\(writer).\(number)\n".utf8)) }
                }
                group.addTask {
                    let file = try open()
                    for _ in 0..<200 { try file.update(last: 1 << 20) { bytes, _ in bytes } }
                }
            }
            try await group.waitForAll()
        }
        let lines = try #require(place.text("nssh/notes")).split(separator: "\n")
        #expect(lines.count == 800)
        #expect(Set(lines).count == 800)
    }

    @Test func somebodyWhoKeepsItLockedKeepsNobodyFromAdding() throws {
        let file = try place.open()
        let other = try Descriptor.open(Array("\(place.path)/nssh/notes".utf8), flags: O_RDWR)
        flock(other.raw, LOCK_EX)
        try file.append(Array("line\n".utf8))
        #expect(try contents(file).text == "line\n")
        #expect(throws: Failure.self) { try file.update(last: 100) { _, _ in [] } }
        #expect(place.text("nssh/notes") == "line\n")
    }
}
