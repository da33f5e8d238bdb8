import Linux

/// Files that are registered with an io_uring: the ring's fdinfo names them. io_uring_register(2)
extension Scan {
    func lookAtRing(_ file: OpenFile) {
        for (number, text) in Scan.registeredFiles(fdinfo(of: file)) {
            if let (type, inode) = Target.readLink(text) {
                if options.types.contains(type) { note(holder(.io_uring, file, "file \(number)"), of: NamespaceKey(type, inode)) }
            } else if text.hasPrefix("socket:[") {
                suspect(file, .io_uring, [.net], "file \(number), \(text)")
            } else if text.hasPrefix("/") {
                // It may have been opened through a bind mount.
                for namespace in bound(at: text) { suspect(holder(.io_uring, file, "file \(number), \(text)"), [namespace.type]) }
            }
        }
    }

    /// The lines `    0: net:[4026531833]` below `UserFiles:`.
    static func registeredFiles(_ fdinfo: [UInt8]) -> [(number: Int, text: String)] {
        var files: [(number: Int, text: String)] = []
        var isInList = false
        for line in fdinfo.lossy.split(separator: "\n") {
            if !line.hasPrefix(" ") {
                isInList = line.hasPrefix("UserFiles:")
            } else if isInList, let colon = line.firstIndex(of: ":"), let number = Int(line[..<colon].drop { $0 == " " }) {
                files.append((number, String(line[line.index(after: colon)...].drop { $0 == " " })))
            }
        }
        return files
    }
}
