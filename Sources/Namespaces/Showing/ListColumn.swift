/// A column of ns.list. Where lsns(8) has one of the same name, it means the same.
public enum ListColumn: String, CaseIterable, Sendable {
    case NS, TYPE, PATH, NPROCS, PID, PPID, COMMAND, UID, USER, NETNSID, NSFS, PNS, ONS, ID, HOLDERS, NAMES

    /// What a list shows unless others are asked for: lsns's, and what holds a namespace besides processes.
    public static let usual: [ListColumn] = [.NS, .TYPE, .NPROCS, .PID, .USER, .HOLDERS, .COMMAND]

    /// Reads a name, in capitals or not.
    public init?(name: String) { self.init(rawValue: name.uppercased()) }

    /// One line on what it has.
    public var summary: String {
        switch self {
        case .NS: "inode number"
        case .TYPE: "type"
        case .PATH: "the first process's link to it"
        case .NPROCS: "number of processes in it"
        case .PID: "the first process in it"
        case .PPID: "that process's parent"
        case .COMMAND: "that process's command line"
        case .UID: "that process's user id"
        case .USER: "that user's name"
        case .NETNSID: "the number by which nssh's own net namespace knows a net namespace, or unassigned"
        case .NSFS: "where it is mounted, in nssh's own mnt namespace"
        case .PNS: "inode number of its parent"
        case .ONS: "inode number of its owner"
        case .ID: "the 64-bit id, never reused"
        case .HOLDERS: "what keeps it alive besides processes, and how many of each"
        case .NAMES: "by what name it can be opened: of ip-netns(8), or a pin"
        }
    }

    /// Whether it has numbers.
    public var isRight: Bool {
        switch self {
        case .NS, .NPROCS, .PID, .PPID, .UID, .NETNSID, .PNS, .ONS, .ID: true
        default: false
        }
    }
}
