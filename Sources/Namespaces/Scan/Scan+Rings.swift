import Linux

/// Files that are registered with an io_uring: the ring's fdinfo names them. io_uring_register(2)
extension Scan {
    func lookAtRing(_ file: OpenFile) {
        for (number, text) in Scan.registeredFiles(fdinfo(of: file)) {
            if let (type, inode) = Target.readLink(text.lossy) {
                if options.types.contains(type) { note(holder(.io_uring, file, "file \(number)"), of: NamespaceKey(type, inode)) }
            } else if text.starts(with: "socket:[".utf8) {
                suspect(file, .io_uring, [.net], "file \(number), \(text.lossy)")
            } else if text.first == UInt8(ascii: "/") {
                // It may have been opened through a bind mount.
                for namespace in bound(at: text) { suspect(holder(.io_uring, file, "file \(number), \(text.lossy)"), [namespace.type]) }
            }
        }
    }

    /// The lines `    0: net:[4026531833]` below `UserFiles:`.
    static func registeredFiles(_ fdinfo: [UInt8]) -> [(number: Int, text: [UInt8])] {
        var files: [(number: Int, text: [UInt8])] = []
        var isInList = false
        let blank = UInt8(ascii: " ")
        for line in fdinfo.split(separator: UInt8(ascii: "\n")) {
            if line.first != blank {
                isInList = line.starts(with: "UserFiles:".utf8)
            } else if isInList, let colon = line.firstIndex(of: UInt8(ascii: ":")),
                let number = Int(Array(line[..<colon].drop { $0 == blank }).lossy)
            {
                files.append((number, Mount.unescaped(line[(colon + 1)...].drop { $0 == blank })))
            }
        }
        return files
    }
}
