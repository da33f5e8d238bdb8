import Glibc
import Linux

/// A container as its cgroup tells of it. The kernel knows no containers: a runtime puts each into a cgroup, and the name of that is
/// all there is to see from outside.
struct Container: Equatable {
    /// `docker`, `podman`, `lxc`, `systemd-nspawn`, `containerd` or `cri-o`.
    var runtime: String
    /// Its id, or its name where the runtime has no ids.
    var id: String

    /// Reads one path of /proc/PID/cgroup; the innermost container counts.
    init?(cgroup path: Substring) {
        let parts = path.split(separator: "/").map { String($0) }
        for (position, part) in parts.enumerated().reversed() {
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

    private init(runtime: String, id: String) {
        self.runtime = runtime
        self.id = id
    }

    /// The container that a process is in; nil for none.
    init?(pid: Int32) throws(Failure) {
        for line in try Proc.read("\(pid)/cgroup").lossy.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            if fields.count == 3, let found = Container(cgroup: fields[2]) {
                self = found
                return
            }
        }
        return nil
    }

    /// Whether it is called that: by its id, the first 12 digits or more of it, or the name that its runtime keeps in a file.
    ///
    /// - Throws: when that file is there and cannot be read.
    func isCalled(_ name: String) throws(Failure) -> Bool {
        if id == name || name.utf8.count >= 12 && Container.isHexadecimal(name) && id.hasPrefix(name) { return true }
        return try self.name() == name
    }

    /// The name that the runtime's own files have for the id; nil where there is none.
    func name() throws(Failure) -> String? {
        switch runtime {
        case "docker":
            let text = try Container.file(Array("/var/lib/docker/containers/\(id)/config.v2.json".utf8))
            return text.flatMap { Container.text(in: $0[...], after: "\"Name\":\"/") }
        case "podman":
            var files = [Array("/var/lib/containers/storage/overlay-containers/containers.json".utf8)]
            if let home = environmentBytes("HOME") {
                files.append(home + Array("/.local/share/containers/storage/overlay-containers/containers.json".utf8))
            }
            for file in files {
                guard let text = try Container.file(file), let start = Container.position(of: "\"id\":\"\(id)\"", in: text[...]) else {
                    continue
                }
                if let name = Container.text(in: text[start...], after: "\"names\":[\"") { return name }
            }
            return nil
        default: return id
        }
    }

    // MARK: Text

    private static func file(_ path: [UInt8]) throws(Failure) -> [UInt8]? {
        do throws(Failure) { return try Descriptor.open(path, flags: O_RDONLY | O_NONBLOCK).readStream() } catch {
            if error.errno?.rawValue == ENOENT || error.errno?.rawValue == ENOTDIR { return nil }
            throw error
        }
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

    private static func isId(_ text: String) -> Bool { text.utf8.count == 64 && isHexadecimal(text) }

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
