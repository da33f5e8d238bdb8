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
        #expect(try file.readAll() == bytes)
        #expect(try file.readStream() == bytes)
        #expect(try file.readAll(limit: 5000).count >= 5000)
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
