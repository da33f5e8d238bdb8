import CLinux
import Glibc
import Linux

/// Reads who a process is from /proc/PID/status, with one buffer for all of them. proc_pid_status(5)
final class StatusReader {
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 8192, alignment: 1)

    deinit { buffer.deallocate() }

    /// Who a process is, its numbers as `/proc` counts; nil when it is gone.
    func read(_ number: Int32) -> Snapshot.Process? {
        let file = nssh_openat(Proc.root, "\(number)/status", O_RDONLY | O_CLOEXEC, 0)
        if file < 0 { return nil }
        defer { close(file) }
        var size = 0
        while true {
            let count = Glibc.read(file, buffer.baseAddress! + size, buffer.count - size)
            if count < 0 { return nil }
            if count == 0 { break }
            size += count
            if size == buffer.count { grow() }
        }
        return StatusReader.parse(UnsafeRawBufferPointer(rebasing: buffer[..<size]), number)
    }

    /// A process of many groups has a long list of them.
    private func grow() {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count * 2, alignment: 1)
        larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
        buffer.deallocate()
        buffer = larger
    }

    static func parse(_ text: UnsafeRawBufferPointer, _ number: Int32) -> Snapshot.Process? {
        guard let start = text.baseAddress, !text.isEmpty else { return nil }
        var process = Snapshot.Process(number)
        var line = start
        let end = start + text.count
        while line < end, let stop = memchr(line, 10, end - line).map({ UnsafeRawPointer($0) }) {
            defer { line = stop + 1 }
            func value(_ name: StaticString) -> UnsafeRawBufferPointer? {
                let length = name.utf8CodeUnitCount
                guard stop - line >= length, memcmp(line, name.utf8Start, length) == 0 else { return nil }
                return UnsafeRawBufferPointer(start: line + length, count: stop - line - length)
            }
            switch line.load(as: UInt8.self) {
            case UInt8(ascii: "N"):
                if let name = value("Name:\t") {
                    setName(of: &process, name)
                } else if let pids = value("NSpid:\t") {
                    let numbers = StatusReader.numbers(pids)
                    if numbers.count > 1 { process.innerPids = numbers }
                }
            case UInt8(ascii: "S"): if let state = value("State:\t") { process.isZombie = state.first == UInt8(ascii: "Z") }
            case UInt8(ascii: "P"): if let parent = value("PPid:\t") { process.parent = numbers(parent).first ?? 0 }
            case UInt8(ascii: "U"):
                if let uids = value("Uid:\t") { process.uid = UInt32(bitPattern: numbers(uids).first ?? 0) }
            case UInt8(ascii: "T"):
                if let threads = value("Threads:\t") {
                    process.threads = numbers(threads).first ?? 0
                    return process
                }
            default: break
            }
        }
        return process
    }

    /// The numbers in a text that have something else between them.
    private static func numbers(_ text: UnsafeRawBufferPointer) -> [Int32] {
        var numbers: [Int32] = []
        var number: UInt32?
        for byte in text {
            if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                number = (number ?? 0) &* 10 &+ UInt32(byte - UInt8(ascii: "0"))
            } else if let found = number {
                numbers.append(Int32(bitPattern: found))
                number = nil
            }
        }
        if let number { numbers.append(Int32(bitPattern: number)) }
        return numbers
    }

    /// A newline and a backslash in a name are written `\n` and `\\`.
    private static func setName(of process: inout Snapshot.Process, _ text: UnsafeRawBufferPointer) {
        let backslash = UInt8(ascii: "\\")
        if !text.contains(backslash) { return process.setName(text) }
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            if byte == backslash, let escaped = rest.popFirst() {
                bytes.append(escaped == UInt8(ascii: "n") ? 10 : escaped)
            } else {
                bytes.append(byte)
            }
        }
        process.setName(bytes)
    }
}
