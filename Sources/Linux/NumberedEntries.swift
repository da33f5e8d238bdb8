import CLinux
import Glibc

/// Reads the names in directories of /proc that are numbers: processes, threads, descriptors. Its buffer serves one directory after the
/// other, so that thousands of them cost no memory. getdents64(2)
public final class NumberedEntries {
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32768, alignment: 8)

    /// A reader of directories.
    public init() {}

    deinit { buffer.deallocate() }

    /// Calls `body` with each number, and its name as a C string that is good until `body` returns.
    ///
    /// - Parameter directory: a descriptor that is open for reading.
    /// - Returns: the errno if the directory could not be read to its end.
    public func read(_ directory: Int32, _ body: (Int32, UnsafePointer<CChar>) -> Void) -> Errno? {
        while true {
            let size = nssh_getdents(directory, buffer.baseAddress, buffer.count)
            if size < 0 { return .last }
            if size == 0 { return nil }
            var at = 0
            while at < size {
                // struct linux_dirent64: inode and offset of eight bytes, the entry's length, its type, its name.
                let length = Int(buffer.loadUnaligned(fromByteOffset: at + 16, as: UInt16.self))
                let name = buffer.baseAddress! + at + 19
                at += length
                if let number = NumberedEntries.number(name) { body(number, name.assumingMemoryBound(to: CChar.self)) }
            }
        }
    }

    private static func number(_ name: UnsafeMutableRawPointer) -> Int32? {
        var number: Int32 = 0
        var at = 0
        while true {
            let byte = name.load(fromByteOffset: at, as: UInt8.self)
            if byte == 0 { return at == 0 ? nil : number }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), at < 9 else { return nil }
            number = number * 10 + Int32(byte - UInt8(ascii: "0"))
            at += 1
        }
    }
}
