import Linux

extension Find {
    /// A process that something says to be in a container.
    struct Member {
        /// In /proc.
        var number: Int32
        var container: Container
        /// What says so.
        var source: Source
    }

    /// Adds the containers of a name. Equal ids are not yet one container: a cgroup or a directory of that name can be made by others.
    mutating func addContainers(_ members: [Member], _ name: [UInt8]) {
        guard name.lossy.utf8.elementsEqual(name) else { return }
        let text = name.lossy
        var known: [String: (name: String, source: Source)?] = [:]
        var ids: [String] = []
        for member in members where !ids.contains(member.container.id) { ids.append(member.container.id) }
        for id in ids {
            let all = members.filter { $0.container.id == id }
            var named: (name: String, source: Source)?
            for container in Set(all.map(\.container)).sorted(by: { $0.runtime < $1.runtime }) where named == nil {
                do throws(Failure) { named = try container.name(trust) } catch {
                    unreadable.append("the name of \(container.runtime) container \(id.prefix(12)): \(error.message)")
                }
            }
            known.updateValue(named, forKey: id)
            let isCalledById = all[0].container.isCalled(text)
            guard isCalledById || named?.name == text else { continue }
            for group in Find.groups(all) { add(group, named, isCalledById) }
        }
    }

    private mutating func add(_ group: [Member], _ named: (name: String, source: Source)?, _ isCalledById: Bool) {
        let first = group.first { $0.source.vouches } ?? group[0]
        // What uses runc or crun has a better word for it.
        let runtime = group.lazy.map(\.container.runtime).first { $0 != "crun" && $0 != "runc" } ?? first.container.runtime
        var item = Item(
            kind: "container", name: Array((named?.name ?? first.container.id).utf8), pid: Proc.pid(at: first.number),
            uid: Standing.uid(first.number), runtime: runtime, id: first.container.id)
        for member in group where !item.sources.contains(where: { $0.text == member.source.text }) { item.sources.append(member.source) }
        if let named { item.sources.append(named.source) }
        item.isVouched = first.source.vouches && (isCalledById || named?.source.vouches ?? false) && standing.mayBeTheirs(first.number)
        items.append(item)
    }

    /// The members that are together, the first of each before the others: PID 1 of its pid namespace, or the oldest.
    private static func groups(_ members: [Member]) -> [[Member]] {
        let sorted = members.map { member in (member, numbers: (try? Proc.words("\(member.number)/status", "NSpid")) ?? []) }
            .sorted { a, b in
                let left = (a.numbers.count, a.numbers.last == "1" ? 0 : 1, a.0.number)
                return left < (b.numbers.count, b.numbers.last == "1" ? 0 : 1, b.0.number)
            }
        var groups: [[Member]] = []
        for (member, _) in sorted {
            if let place = groups.firstIndex(where: { Standing.areTogether($0[0].number, member.number) }) {
                groups[place].append(member)
            } else {
                groups.append([member])
            }
        }
        // A monitor, such as that of systemd-nspawn(1), is in the cgroup and not in the container.
        let inside = groups.filter { !Standing.isHere($0[0].number) }
        return inside.isEmpty ? groups : inside
    }
}
