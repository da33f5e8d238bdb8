import Linux

/// Processes that are in the same namespaces, all of them.
struct ProcessGroup {
    /// The positions of the namespaces in the snapshot, by type; -1 for none.
    var seats: [Int32]
    /// The positions of the processes, in ascending order.
    var members: [Int]

    /// The groups of a snapshot, by their first process; those of which nothing is known left out.
    static func all(_ snapshot: Snapshot) -> [ProcessGroup] {
        var groups: [ProcessGroup] = []
        var positions: [[Int32]: Int] = [:]
        for process in snapshot.processes.indices {
            let seats = Array(snapshot.seats(of: process))
            if seats.allSatisfy({ $0 < 0 }) { continue }
            if let position = positions[seats] {
                groups[position].members.append(process)
            } else {
                positions[seats] = groups.count
                groups.append(ProcessGroup(seats: seats, members: [process]))
            }
        }
        return groups
    }

    /// Whether it is in nothing but namespaces that the kernel made at boot.
    func isInitial(_ snapshot: Snapshot) -> Bool { seats.allSatisfy { $0 < 0 || snapshot.namespaces[Int($0)].isInitial } }
}
