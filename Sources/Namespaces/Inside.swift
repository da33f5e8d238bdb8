import CLinux
import Glibc
import Linux

/// A look from inside a user namespace, by a child that joins it and ends: what lies below /proc/sys/user is the reader's own.
enum Inside {
    /// Runs `body` in a copy of nssh in `namespace`, a user namespace below nssh's own, with all power there.
    ///
    /// - Returns: the text that `body` returned.
    /// - Throws: what `body` threw; EPERM where nssh may not join the namespace.
    static func userNamespace(_ namespace: NamespaceHandle, _ body: () throws(Failure) -> String) throws(Failure) -> String {
        var options = Options()
        options.body = .function
        options.joins = try Join.handle(namespace).map { [$0] } ?? []
        switch try Launcher.launch(options) {
        case .child(let results):
            var answer: [String]
            do throws(Failure) { answer = ["", try body()] } catch {
                answer = [error.call ?? "", String(error.errno?.rawValue ?? 0), error.stage ?? "", error.target ?? ""]
            }
            try? results.writeAll(Array(answer.joined(separator: "\0").utf8))
            _exit(0)
        case .parent(let process):
            _ = try process.finish()
            let parts = (try process.takeResults() ?? []).split(separator: 0, omittingEmptySubsequences: false).map { $0.map { $0 } }
            if parts.count == 2 { return parts[1].lossy }
            guard parts.count == 4, let errno = Int32(parts[1].lossy) else {
                throw Failure(code: "ENDED", "the child in \(namespace.link) was killed", stage: "look from inside", target: namespace.link)
            }
            throw Failure(parts[0].lossy, Errno(rawValue: errno), stage: parts[2].lossy, target: parts[3].lossy)
        }
    }
}
