import CLinux
import Glibc

/// The environment that a child gets, and where its program may be. environ(7), execvp(3).
enum Environment {
    /// `NAME=value` strings: nssh's own, changed as the options say; nil for nssh's own as they are, which need no copy.
    static func merged(_ options: Options) -> [[UInt8]]? {
        if !options.clearEnvironment, options.environment.isEmpty { return nil }
        var result: [[UInt8]] = []
        if !options.clearEnvironment, var entry = nssh_environ() {
            while let pointer = entry.pointee {
                result.append([UInt8](UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))))
                entry += 1
            }
        }
        for change in options.environment {
            let name = change.name
            result.removeAll { $0.starts(with: name) && $0.count > name.count && $0[name.count] == UInt8(ascii: "=") }
            if let value = change.value { result.append(name + [UInt8(ascii: "=")] + value) }
        }
        return result
    }

    /// The paths to try for a program: itself if it has a slash, else in each directory of the child's PATH.
    static func candidates(_ program: [UInt8], _ environment: [[UInt8]]?) -> [[UInt8]] {
        if program.contains(UInt8(ascii: "/")) { return [program] }
        if program.isEmpty { return [] }
        return path(environment).split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { directory in
            var candidate: [UInt8] = []
            candidate.reserveCapacity(directory.count + program.count + 2)
            if directory.isEmpty { candidate.append(UInt8(ascii: ".")) } else { candidate += directory }
            candidate.append(UInt8(ascii: "/"))
            candidate += program
            return candidate
        }
    }

    /// The child's PATH.
    private static func path(_ environment: [[UInt8]]?) -> [UInt8] {
        if let environment {
            let prefix = Array("PATH=".utf8)
            if let entry = environment.first(where: { $0.starts(with: prefix) }) { return Array(entry.dropFirst(prefix.count)) }
        } else if let value = getenv("PATH") {
            return [UInt8](UnsafeRawBufferPointer(start: value, count: strlen(value)))
        }
        return Array("/usr/local/bin:/usr/bin:/bin".utf8)
    }
}
