import Glibc
import Linux

/// A container as its cgroup tells of it, or its runtime's files. The kernel knows no containers: a runtime puts each into a cgroup, and the
/// name of that is all there is to see from outside.
struct Container: Hashable {
    /// `docker`, `podman`, `lxc`, `systemd-nspawn`, `containerd`, `cri-o`, `crun` or `runc`.
    var runtime: String
    /// Its id, or its name where the runtime has no ids.
    var id: String

    /// Reads one path of /proc/PID/cgroup; the innermost container counts.
    ///
    /// - Parameter named: set to the path up to the part that names it.
    init?(cgroup path: Substring, named: inout String) {
        let parts = path.split(separator: "/").map { String($0) }
        for (position, part) in parts.enumerated().reversed() {
            named = "/" + parts[...position].joined(separator: "/")
            let before = position > 0 ? parts[position - 1] : ""
            for (prefix, runtime) in [
                ("docker-", "docker"), ("libpod-", "podman"), ("cri-containerd-", "containerd"), ("crio-", "cri-o"),
            ] {
                if let id = Container.middle(of: part, prefix, ".scope")
                    ?? (runtime == "docker" ? nil : Container.middle(of: part, prefix, "")),
                    Container.isId(id)
                {
                    self.init(runtime: runtime, id: id)
                    return
                }
            }
            if before == "docker", Container.isId(part) {
                self.init(runtime: "docker", id: part)
                return
            }
            if before == "lxc" || part.hasPrefix("lxc.payload."),
                let id = before == "lxc" ? part : Container.middle(of: part, "lxc.payload.", "")
            {
                self.init(runtime: "lxc", id: id)
                return
            }
            let machine = Container.middle(of: part, "machine-", ".scope") ?? Container.middle(of: part, "systemd-nspawn@", ".service")
            if let machine {
                self.init(runtime: "systemd-nspawn", id: Container.unescaped(machine))
                return
            }
        }
        return nil
    }

    init(runtime: String, id: String) {
        self.runtime = runtime
        self.id = id
    }

    /// The container that a process is in by its cgroups, and where that is said: of several hierarchies one that vouches, if there is
    /// one. Nil for none.
    static func of(_ number: Int32, _ directories: inout CgroupDirectories) throws(Failure) -> (container: Container, source: Find.Source)?
    {
        var first: (container: Container, source: Find.Source)?
        for line in try Proc.read("\(number)/cgroup").lossy.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            var path = ""
            guard fields.count == 3, let container = Container(cgroup: fields[2], named: &path) else { continue }
            let directory = directories.owner(fields[1], path)
            let source = Find.Source(
                directory?.path ?? Array("cgroup \(path)".utf8), directory.map(\.owner))
            if source.vouches { return (container, source) }
            if first == nil { first = (container, source) }
        }
        return first
    }

    /// Whether it is called that by its id, or the first 12 digits or more of it.
    func isCalled(_ name: String) -> Bool {
        id == name || name.utf8.count >= 12 && Container.isHexadecimal(name) && id.hasPrefix(name)
    }

    /// The name that the runtime's own files have for the id, and the file; nil where there is none.
    ///
    /// - Throws: when a file is there and cannot be read.
    func name(_ trust: Trust) throws(Failure) -> (name: String, source: Find.Source)? {
        guard Container.isId(id) else { return nil }
        // runc and crun are the hands of either.
        if runtime != "podman" {
            let file = Array("/var/lib/docker/containers/\(id)/config.v2.json".utf8)
            if let text = try Container.file(file), let name = Container.text(in: text[...], after: "\"Name\":\"/") {
                return (name, Find.Source(file, trust.owner(ofFile: file)))
            }
        }
        if runtime == "docker" { return nil }
        for file in Container.podmanLists() {
            guard let text = try Container.file(file), let start = Container.position(of: "\"id\":\"\(id)\"", in: text[...]) else {
                continue
            }
            if let name = Container.text(in: text[start...], after: "\"names\":[\"") {
                return (name, Find.Source(file, trust.owner(ofFile: file)))
            }
        }
        return nil
    }

    /// The lists of podman: one for each storage driver, of root and of the caller.
    private static func podmanLists() -> [[UInt8]] {
        var storages = [Array("/var/lib/containers/storage".utf8)]
        if let home = environmentBytes("HOME") { storages.append(home + Array("/.local/share/containers/storage".utf8)) }
        var files: [[UInt8]] = []
        for storage in storages {
            guard let directory = try? Descriptor.open(storage, flags: O_RDONLY | O_DIRECTORY), let names = try? directory.names() else {
                continue
            }
            let lists = names.filter { $0.lossy.hasSuffix("-containers") }.sorted { $0.lexicographicallyPrecedes($1) }
            for name in lists { files.append(storage + [UInt8(ascii: "/")] + name + Array("/containers.json".utf8)) }
        }
        return files
    }

    // MARK: Text

    /// The text of a regular file, which may be anybody's: no link is followed to it, and no device is opened. Nil where there is none.
    static func file(_ path: [UInt8]) throws(Failure) -> [UInt8]? {
        do throws(Failure) {
            guard try System.stat(path, followingLinks: false).st_mode & S_IFMT == S_IFREG else { return nil }
            return try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY).readStream(limit: 16 << 20)
        } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.errno?.rawValue ?? 0) { return nil }
            throw error
        }
    }

    /// The number after `"name":` in `text`, the first of that name; nil where there is none.
    static func number(in text: [UInt8], _ name: String) -> Int? {
        guard let end = position(of: "\"\(name)\"", in: text[...]) else { return nil }
        func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
        let rest = text[end...].drop(while: isBlank)
        guard rest.first == UInt8(ascii: ":") else { return nil }
        return Int(String(decoding: rest.dropFirst().drop(while: isBlank).prefix { (48...57).contains($0) }, as: UTF8.self))
    }

    /// Where `pattern` ends in `text`.
    private static func position(of pattern: String, in text: ArraySlice<UInt8>) -> Int? {
        let pattern = Array(pattern.utf8)
        var start = text.startIndex
        while let found = text[start...].firstIndex(of: pattern[0]), found + pattern.count <= text.endIndex {
            if text[found..<(found + pattern.count)].elementsEqual(pattern) { return found + pattern.count }
            start = found + 1
        }
        return nil
    }

    /// The text between `pattern` and the next quote: container names have no character that JSON would escape.
    private static func text(in text: ArraySlice<UInt8>, after pattern: String) -> String? {
        guard let start = position(of: pattern, in: text), let end = text[start...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
        return String(decoding: text[start..<end], as: UTF8.self)
    }

    private static func middle(of text: String, _ prefix: String, _ suffix: String) -> String? {
        guard text.hasPrefix(prefix), text.hasSuffix(suffix), text.utf8.count > prefix.utf8.count + suffix.utf8.count else { return nil }
        return String(decoding: text.utf8.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count), as: UTF8.self)
    }

    private static func isHexadecimal(_ text: String) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    static func isId(_ text: String) -> Bool { text.utf8.count == 64 && isHexadecimal(text) }

    /// Undoes the escapes of systemd unit names (`\x2d`).
    private static func unescaped(_ text: String) -> String {
        var result: [UInt8] = []
        var rest = ArraySlice(text.utf8)
        while let byte = rest.popFirst() {
            if byte == 92, rest.count >= 3, rest.first == 120,
                let value = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            {
                result.append(value)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
