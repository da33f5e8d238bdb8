import Linux
import LuaKit
import Namespaces

/// ns.limits.
enum LimitsFunction {
    private static let record = LuaRecord(
        "ns.limits",
        NamespaceType.allCases.flatMap { type in
            [
                LuaField(type.rawValue, .integer, "the same as \(type.limitName)"),
                LuaField(type.limitName, .integer, "how many \(type.rawValue) namespaces a user may have there"),
            ]
        } + [
            LuaField("mount", .integer, "the same as max_mnt_namespaces"),
            LuaField("machine", .true, "in the initial user namespace: yes, for the whole machine"),
        ])

    nonisolated(unsafe) static let function = LuaFunction(
        "ns.limits",
        [
            LuaField(
                "target", .either([.object("process"), .object("handle"), .integer, .string, .record(record)]),
                "whose user namespace; nssh's own if not given, or the changes"),
            LuaField("changes", .record(record), "new values, by name or type: { max_uts_namespaces = 10 } or { uts = 10 }"),
        ],
        returns: [LuaField("limits", .map(.integer), "{ max_uts_namespaces = …, … }; after a change, what the changed ones were")],
        "Shows how many namespaces of each type may be made in a user namespace, or sets it. /proc/sys/user",
        details:
            "The limits count what each user has made there and below, and those of all outer user namespaces hold too. In the initial user "
            + "namespace they are those of the whole machine: changing them takes machine = true.",
        example: "assert(ns.limits().max_uts_namespaces >= 0)\n"
            + "local p <close> = ns.clone{user=\"root\"}\nns.limits(p, {uts=0})\nassert(ns.limits(p).max_uts_namespaces == 0)"
    ) { call throws(LuaError) in
        var target = Target.own
        var changes = call[1].table
        if let table = call[0].table {
            if !call[1].isNone { throw .argument(2, of: "ns.limits", "the changes are argument 1 already") }
            changes = table
        } else {
            target = try call[0].target()
        }
        let limits: [Limits.Limit]
        if let changes {
            let wanted = try read(changes, position: call[0].table == nil ? 2 : 1)
            let machine = changes["machine"].boolean ?? false
            limits = try kernel { () throws(Failure) in try Limits.set(wanted, of: target, machine: machine) }
        } else {
            limits = try kernel { () throws(Failure) in try Limits.of(target) }
        }
        call.lua.push(limits.map { ($0.name, .integer($0.value)) })
        return 1
    }

    private static func read(_ table: LuaTable, position: Int) throws(LuaError) -> [Limits.Limit] {
        var limits: [Limits.Limit] = []
        for type in NamespaceType.allCases {
            let names = [type.limitName, type.rawValue] + (type == .mnt ? ["mount"] : [])
            let given = names.filter { !table[$0].isNone }
            if given.count > 1 { throw .argument(position, of: "ns.limits", "\(given[0]) and \(given[1]) are the same") }
            guard let name = given.first, let value = table[name].integer else { continue }
            guard (0...Limits.highest).contains(value) else {
                throw .argument(position, of: "ns.limits", "\(name): 0 to \(Limits.highest) expected, got \(value)")
            }
            limits.append((type.limitName, value))
        }
        if limits.isEmpty { throw .argument(position, of: "ns.limits", "no limit given, such as uts = 10") }
        return limits
    }
}
