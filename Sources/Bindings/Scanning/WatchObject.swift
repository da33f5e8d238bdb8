import Glibc
import Linux
import LuaKit
import Namespaces

/// A watch as a Lua value: what a for loop calls.
final class WatchObject: LuaObject {
    private let watch: Watch
    private let what: String

    init(_ watch: Watch, _ options: ScanOptions) {
        self.watch = watch
        what = options.types.list == NamespaceType.allCases ? "" : options.types.list.map(\.rawValue).joined(separator: ", ") + ", "
    }

    override class var declaration: LuaClass { declared }
    override var description: String {
        "watch: \(what)a look every \(watch.interval) s; what lives shorter may be missed. `for event in watch do`, or watch:show()"
    }

    static let options = LuaRecord(
        "ns.watch",
        [
            LuaField("interval", Declared.seconds, "the time between two looks; 0.2 if not given"),
            LuaField("timeout", Declared.seconds, "ends after so long; never if not given"),
            LuaField("types", Declared.types, "only these types"),
            LuaField("tasks", .boolean, "looks at threads too; false if not given"),
            LuaField("fds", .boolean, "looks at open descriptors too; false if not given"),
            LuaField("sockets", .boolean, "looks at sockets and tun devices too; false if not given"),
            LuaField("mounts", .boolean, "looks at mounts too; false if not given"),
        ])

    nonisolated(unsafe) static let function = LuaFunction(
        "ns.watch", [LuaField("options", .record(options), "what to watch, and how often")],
        returns: [LuaField("watch", .object("watch"), "for event in it, or watch:show()")],
        "Watches namespaces being born and dying",
        details:
            "An event has event (\"born\" or \"died\"), namespace, type, inode, process and name (the first process seen in it), time (since 1970) and "
            + "seconds (since the watch began), missed (what lived shorter than so many seconds may have been missed), of a death lived and certain. It looks "
            + "at processes, and at what else is asked for; the first process is nil for what only that shows. "
            + "A namespace without a process that is held otherwise is not dead. What was there when the watch began has no birth.",
        example: "for event in ns.watch{types=\"uts\", interval=0.01, timeout=0.05} do print(event) end"
    ) { call throws(LuaError) in
        let options = ScanFunction.read(call[0], defaults: .processes)
        let interval = try call[0].table?["interval"].seconds("interval") ?? 0.2
        if interval == 0 { throw .argument(1, of: "ns.watch", "interval: a number of seconds above 0 expected") }
        let timeout = try call[0].table?["timeout"].seconds("timeout")
        let watch = try kernel { () throws(Failure) in try Watch(options, interval: interval, timeout: timeout) }
        call.lua.push(WatchObject(watch, options))
        return 1
    }

    private static let receiver = LuaField("self", .object("watch"), optional: false, "the watch")

    nonisolated(unsafe) private static let declared = LuaClass(
        "watch", "Births and deaths of namespaces as they are noticed: ns.watch. A for loop takes it as it stands.",
        methods: [
            LuaFunction(
                "watch:next", [receiver], returns: [LuaField("event", .named("event", .table), "the next; nil when the time is up")],
                "Waits for the next event", example: "assert(ns.watch{interval=0.01, timeout=0}:next() == nil)"
            ) { call throws(LuaError) in try call.receiver(WatchObject.self).pushNext(call.lua) },
            LuaFunction(
                "watch:show", [receiver], "Prints events as they come, until the time is up or ^C",
                example: "ns.watch{types=\"uts\", interval=0.01, timeout=0.05}:show()"
            ) { call throws(LuaError) in
                let watch = try call.receiver(WatchObject.self).watch
                writeOut("A look every \(watch.interval) s; what lives shorter may be missed. ^C ends it.\n")
                StandardStreams.flush()
                while let event = try kernel({ () throws(Failure) in try watch.next() }) {
                    writeOut(text(event) + "\n")
                    StandardStreams.flush()
                }
                return 0
            },
        ],
        call: LuaFunction("watch.__call", variadic: true, "") { call throws(LuaError) in
            guard let watch = call.lua.anyObject(1) as? WatchObject else { throw .message("watch expected") }
            return try watch.pushNext(call.lua)
        })

    private func pushNext(_ lua: Lua) throws(LuaError) -> Int {
        guard let event = try kernel({ () throws(Failure) in try watch.next() }) else { return 0 }
        lua.push([
            ("event", .string(event.isBirth ? "born" : "died")), ("namespace", .string(event.key.link)),
            ("type", .string(event.key.type.rawValue)), ("inode", .integer(Int(event.key.inode))),
            ("process", event.process.map { .integer(Int($0.pid)) }), ("name", event.process?.name.map { .string($0) }),
            ("time", .number(event.time)), ("seconds", .number(event.seconds)), ("missed", .number(event.gap)),
            ("lived", event.lived.map { .number($0) }), ("certain", event.isBirth ? nil : .boolean(event.isCertain)),
            ("text", .string(WatchObject.text(event))),
        ])
        lua.state.pushMetatable(lua, named: "event")
        lua.setMetatable(-2)
        return 1
    }

    /// Declares the metatable of events.
    static func declare(_ state: LuaState) { state.declareTable("event", text: ToldText.of) }

    /// `12.402  + uts:[4026532183]  process 1333 (sleep)`.
    private static func text(_ event: Watch.Event) -> String {
        var text = "\(NumberText.milliseconds(event.seconds))  \(event.isBirth ? "+" : "-") \(event.key.link)"
        if let process = event.process {
            text += "  process \(process.pid)"
            // Its name may be anything, and the text goes to a terminal.
            if let name = process.name { text += " (\(TextEscape.escape(name.utf8, as: .line)))" }
        }
        if let lived = event.lived { text += "  lived \(NumberText.milliseconds(lived)) s" }
        return text + (event.isCertain ? "" : "  as far as can be seen")
    }
}
