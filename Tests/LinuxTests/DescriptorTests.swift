import Glibc
import Testing

@testable import Linux

@Suite(.serialized) struct DescriptorTests {
    @Test func aPipeIsClosedOnExecAndWithItsOwner() throws {
        let number: Int32
        do {
            let pipe = try Descriptor.pipe()
            number = pipe.read.raw
            #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
            try pipe.write.writeAll([1, 2, 3])
            #expect(try pipe.read.read(10) == [1, 2, 3])
            pipe.write.close()
            #expect(!pipe.write.isOpen)
            #expect(try pipe.read.read(10).isEmpty)
        }
    }

    @Test func memoryFilesAreReadFromTheStart() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let file = try Descriptor.memory("test", contents: bytes)
        #expect(try file.readAll(limit: 1 << 24) == bytes)
        #expect(try file.readStream() == bytes)
        #expect(try file.readAll(limit: 5000).count >= 5000)
    }

    /// The other side may write while nssh reads: so much is read as was asked for, and no more than there is.
    @Test func aFileThatGrowsIsReadAsItWas() throws {
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) }
        let file = try Descriptor.memory("test", contents: bytes)
        let size = try file.size()
        #expect(size == bytes.count)
        try #require(ftruncate(file.raw, 1 << 50) == 0)
        #expect(try file.read(size: size, until: nil) == bytes)
        try #require(ftruncate(file.raw, 1000) == 0)
        #expect(try file.read(size: size, until: nil) == Array(bytes.prefix(1000)))
        #expect(try file.read(size: 0, until: nil) == [])
        let failure = #expect(throws: Failure.self) { try file.read(size: 10, until: monotonicSeconds()) }
        #expect(failure?.code == "TIMEOUT")
    }

    @Test func takingGivesTheNumberAway() throws {
        let file = try Descriptor.memory("test")
        let raw = file.take()
        #expect(!file.isOpen)
        #expect(fcntl(raw, F_GETFD) >= 0)
        close(raw)
    }

    @Test func aMissingFileIsNamed() {
        #expect {
            _ = try Descriptor.open(Array("/nonesuch/file".utf8), flags: O_RDONLY)
        } throws: { ($0 as? Failure)?.message == "open(/nonesuch/file): No such file or directory" }
    }
}
