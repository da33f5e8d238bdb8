import Glibc
import Linux

/// The state files of runc and crun, which need no cgroup: each container has a directory of its name.
extension Container {
    /// What a state file says: that this process is the first of a container.
    struct State {
        var container: Container
        var number: Int32
        var source: Find.Source
    }

    /// The containers that have a state file and whose first process lives.
    ///
    /// - Parameter user: the one whose files are looked at besides root's.
    static func states(_ trust: Trust, of user: UInt32) -> [State] {
        var states: [State] = []
        var bases = ["/run"]
        if user != 0 { bases.append("/run/user/\(user)") }
        if user == geteuid(), let directory = environmentValue("XDG_RUNTIME_DIR"), directory.hasPrefix("/"), !bases.contains(directory) {
            bases.append(directory)
        }
        for base in bases {
            add(in: "\(base)/crun", "crun", "status", ("pid", "process-start-time"), trust, &states)
            add(in: "\(base)/runc", "runc", "state.json", ("init_process_pid", "init_process_start"), trust, &states)
        }
        // docker and containerd have directories of runc's for each of their own name spaces.
        for parent in ["/run/docker/runtime-runc", "/run/containerd/runc"] {
            for name in names(in: parent) {
                add(in: "\(parent)/\(name)", "runc", "state.json", ("init_process_pid", "init_process_start"), trust, &states)
            }
        }
        return states
    }

    private static func names(in directory: String) -> [String] {
        ((try? Descriptor.open(Array(directory.utf8), flags: O_RDONLY | O_DIRECTORY).names(directoriesOnly: true)) ?? []).map(\.lossy)
            .sorted()
    }

    private static func add(
        in directory: String, _ runtime: String, _ file: String, _ fields: (pid: String, start: String), _ trust: Trust,
        _ states: inout [State]
    ) {
        for name in names(in: directory) {
            let path = Array("\(directory)/\(name)/\(file)".utf8)
            // Of a container that is being made or unmade the file may not be there, or not be whole.
            guard let text = try? Container.file(path), let number = self.number(in: text, fields.pid), let pid = Int32(exactly: number),
                pid > 0,
                let start = self.number(in: text, fields.start), let (_, known) = Proc.stat(pid), known.count > 19, Int(known[19]) == start
            else { continue }
            let source = Find.Source(path, trust.owner(ofFile: path))
            states.append(State(container: Container(runtime: runtime, id: name), number: pid, source: source))
        }
    }
}
