import Glibc
import Linux

/// What bears a name and has namespaces: processes by their command, containers, the named net namespaces of ip-netns(8), pins.
public struct Find {
    /// Something that was found.
    public struct Item {
        /// `process`, `container`, `netns` or `pin`.
        public var kind: String
        /// Its full name.
        public var name: [UInt8]
        /// Of a process, or the first process of a container, in nssh's pid namespace.
        public var pid: Int32?
        /// Of a pin or a named net namespace.
        public var path: [UInt8]?
        /// Of a container.
        public var runtime: String?
        /// Of a container.
        public var id: String?
    }

    /// What was found, by kind, in ascending order.
    public private(set) var items: [Item] = []
    /// What could not be looked at, and why.
    public private(set) var unreadable: [String] = []

    /// Looks for `name`: a command as ps(1) shows it or its file's last part; a container's name, or 12 digits or more of its id; the
    /// name or path of a pin.
    public init(_ name: [UInt8]) {
        // A kernel thread's command line is empty; nothing is meant by nothing.
        if name.isEmpty { return }
        var containers: [(container: Container, pids: [Int32])] = []
        do throws(Failure) {
            for number in try Proc.pids() {
                guard let pid = Proc.pid(at: number) else { continue }
                do throws(Failure) { try look(number, pid, name, &containers) } catch {
                    // It has ended meanwhile.
                    if [ENOENT, ESRCH].contains(error.errno?.rawValue ?? 0) { continue }
                    unreadable.append("process \(pid): \(error.message)")
                }
            }
        } catch { unreadable.append("processes: \(error.message)") }
        addContainers(containers, name)
        addPins(name)
    }

    private mutating func look(
        _ number: Int32, _ pid: Int32, _ name: [UInt8], _ containers: inout [(container: Container, pids: [Int32])]
    ) throws(Failure) {
        if let container = try Container(pid: number) {
            if let position = containers.firstIndex(where: { $0.container == container }) {
                containers[position].pids.append(number)
            } else {
                containers.append((container, [number]))
            }
        }
        guard let command = Proc.command(number) else { return }
        // The kernel keeps 15 bytes of the name; argv has it whole.
        let argv0 = try Proc.read("\(number)/cmdline").prefix { $0 != 0 }
        let file = argv0.lastIndex(of: UInt8(ascii: "/")).map { argv0[($0 + 1)...] } ?? argv0
        if command == name || file.elementsEqual(name) { items.append(Item(kind: "process", name: name, pid: pid)) }
    }

    private mutating func addContainers(_ containers: [(container: Container, pids: [Int32])], _ name: [UInt8]) {
        for (container, pids) in containers {
            var known: String?
            do throws(Failure) {
                guard name.lossy.utf8.elementsEqual(name), try container.isCalled(name.lossy) else { continue }
                known = try? container.name()
            } catch {
                unreadable.append("the name of \(container.runtime) container \(container.id.prefix(12)): \(error.message)")
                continue
            }
            // Its first process: PID 1 of its pid namespace, or the oldest.
            let first = pids.first { (try? Proc.words("\($0)/status", "NSpid").last) == "1" } ?? pids[0]
            items.append(
                Item(
                    kind: "container", name: Array((known ?? container.id).utf8), pid: Proc.pid(at: first), runtime: container.runtime,
                    id: container.id))
        }
    }

    private mutating func addPins(_ name: [UInt8]) {
        do throws(Failure) {
            let (pins, leftOut) = try Pin.all()
            if let leftOut { unreadable.append("pins: mounts: \(leftOut)") }
            for pin in pins {
                let last = Array(pin.path.split(separator: UInt8(ascii: "/")).last ?? [])
                guard pin.path == name || last == name else { continue }
                let isNamed = pin.type == .net && Pin.netnsName(pin.path) != nil
                items.append(Item(kind: isNamed ? "netns" : "pin", name: last, path: pin.path))
            }
        } catch { unreadable.append("pins: \(error.message)") }
    }
}
