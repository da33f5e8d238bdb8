import CLinux
import Glibc

/// The environment that a child gets, and where its program may be. environ(7), execvp(3).
enum Environment {
    /// `NAME=value` strings: nssh's own, changed as the options say.
    static func merged(_ options: Options) -> [[UInt8]] {
        var result: [[UInt8]] = []
        if !options.clearEnvironment, var entry = nssh_environ() {
            while let pointer = entry.pointee {
                result.append([UInt8](UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))))
                entry += 1
            }
        }
        for (name, value) in options.environment {
            result.removeAll { $0.starts(with: name) && $0.count > name.count && $0[name.count] == UInt8(ascii: "=") }
            if let value { result.append(name + [UInt8(ascii: "=")] + value) }
        }
        return result
    }

    /// The paths to try for a program: itself if it has a slash, else in each directory of the child's PATH.
    static func candidates(_ program: [UInt8], _ environment: [[UInt8]]) -> [[UInt8]] {
        if program.contains(UInt8(ascii: "/")) { return [program] }
        if program.isEmpty { return [] }
        let prefix = Array("PATH=".utf8)
        let path =
            environment.first { $0.starts(with: prefix) }.map { Array($0.dropFirst(prefix.count)) }
            ?? Array("/usr/local/bin:/usr/bin:/bin".utf8)
        return path.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
            ($0.isEmpty ? [UInt8(ascii: ".")] : Array($0)) + [UInt8(ascii: "/")] + program
        }
    }
}
