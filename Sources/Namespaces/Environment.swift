import CLinux
import Glibc
import Linux

/// The environment that a child gets, and where its program may be. environ(7), execvp(3).
enum Environment {
    /// `NAME=value` strings: nssh's own, changed as the options say; nil for nssh's own as they are, which need no copy.
    static func merged(_ options: Options) -> [[UInt8]]? {
        let isOwn = !options.isForeign && options.targetEnvironment == nil
        if !options.clearEnvironment, options.environment.isEmpty, isOwn { return nil }
        var result = options.clearEnvironment ? [] : isOwn ? own : inside(options)
        // The last change of a name counts. By a table: there may be a million of them.
        var changes: [ArraySlice<UInt8>: Int] = [:]
        changes.reserveCapacity(options.environment.count)
        for (position, change) in options.environment.enumerated() { changes[change.name[...]] = position }
        result.removeAll { changes[$0.prefix { $0 != UInt8(ascii: "=") }] != nil }
        for (position, change) in options.environment.enumerated() where changes[change.name[...]] == position {
            if let value = change.value { result.append(change.name + [UInt8(ascii: "=")] + value) }
        }
        return result
    }

    /// nssh's own.
    static var own: [[UInt8]] {
        var result: [[UInt8]] = []
        guard var entry = nssh_environ() else { return [] }
        while let pointer = entry.pointee {
            result.append([UInt8](UnsafeRawBufferPointer(start: pointer, count: strlen(pointer))))
            entry += 1
        }
        return result
    }

    /// What goes along to where others are: nothing that is nobody's business there, such as tokens and agents' sockets.
    private static func inside(_ options: Options) -> [[UInt8]] {
        let kept = options.keptEnvironment
        var result = own.filter { entry in
            let name = entry.prefix { $0 != UInt8(ascii: "=") }
            if kept.contains(where: { $0.elementsEqual(name) }) { return true }
            if options.targetEnvironment != nil { return false }
            return ["PATH", "TERM", "LANG"].contains { $0.utf8.elementsEqual(name) } || name.starts(with: "LC_".utf8)
        }
        func has(_ name: String) -> Bool { result.contains { $0.starts(with: Array("\(name)=".utf8)) } }
        let places = options.targetEnvironment ?? ["HOME=\(options.uid ?? 0 == 0 ? "/root" : "/")", "SHELL=/bin/sh"].map { Array($0.utf8) }
        for place in places where !kept.contains(where: { place.starts(with: $0 + [UInt8(ascii: "=")]) }) { result.append(place) }
        if !has("PATH") { result.append(Array("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".utf8)) }
        return result
    }

    /// In a copy of nssh, for a function body: makes the environment what the options say. environ(7); setenv(3) for each name would go
    /// through all that are there every time.
    static func apply(_ options: Options) {
        guard let merged = merged(options) else { return }
        set(merged)
    }

    nonisolated(unsafe) private static var atHome: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?

    /// nssh itself goes to a place of others: its environment is what goes along there, and what its programs get.
    static func leaveHome() {
        if atHome == nil { atHome = nssh_environ() }
        set(inside(Options()))
    }

    /// It has come back.
    static func comeHome() {
        guard let atHome else { return }
        nssh_set_environ(atHome)
        Environment.atHome = nil
        free(made)
        made = nil
    }

    private static func set(_ environment: [[UInt8]]) {
        var merged = environment
        // The time zone that was read at home stays: without a name for it the C library would look for one in the files there.
        let zone = Array("TZ=".utf8)
        if Foreign.isHere, !merged.contains(where: { $0.starts(with: zone) }) {
            merged.append(zone + (environmentBytes("TZ") ?? Array(":/etc/localtime".utf8)))
        }
        let before = made
        defer { free(before) }
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: merged.count + 1)
        for (position, entry) in merged.enumerated() {
            let text = UnsafeMutablePointer<CChar>.allocate(capacity: entry.count + 1)
            for (offset, byte) in entry.enumerated() { text[offset] = CChar(bitPattern: byte) }
            text[entry.count] = 0
            list[position] = text
        }
        list[merged.count] = nil
        made = list
        nssh_set_environ(list)
    }

    /// The list that this process has made; Swift's allocate is malloc(3).
    nonisolated(unsafe) private static var made: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?

    private static func free(_ list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) {
        guard let list else { return }
        var entry = list
        while let text = entry.pointee {
            text.deallocate()
            entry += 1
        }
        list.deallocate()
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
