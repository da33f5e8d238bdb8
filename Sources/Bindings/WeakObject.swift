import Linux
import LuaKit
import Namespaces

/// A weak reference to a namespace as a Lua value.
final class WeakObject: LuaObject {
    let reference: WeakReference

    init(_ reference: WeakReference) { self.reference = reference }

    override class var declaration: LuaClass { declared }
    override var description: String {
        guard let state = try? reference.state() else { return "weak \(reference.link)" }
        return "weak \(reference.link) · \(state.isAlive ? "alive" : "dead")\(state.isCertain ? "" : ", as far as can be seen")"
    }

    private static let receiver = LuaField("self", .object("weak"), optional: false, "the weak reference")

    nonisolated(unsafe) static let function = LuaFunction(
        "ns.weak", [LuaField("handle", .object("handle"), optional: false, "a namespace")],
        returns: [LuaField("weak", .object("weak"), "a reference that does not keep it alive")],
        "Names a namespace without keeping it alive. name_to_handle_at(2)",
        details:
            "Since Linux 6.18 it is exact for namespaces that nssh has power over: its own, those that it made, all of them for root. On older kernels weak:alive searches processes, their open files and pins "
            + "by the inode number, which another namespace may have got meanwhile, and the reference holds the user namespace that owns it until "
            + "the death is certain; see weak:alive.",
        example:
            "local p = ns.clone{uts=\"box\", user=\"root\"}\nlocal h = p:open(\"uts\")\nlocal w = ns.weak(h)\nh:close()\n"
            + "assert(w:alive())\np:close()"
    ) { call throws(LuaError) in
        guard let object = call[0].object(HandleObject.self) else { return 0 }
        call.lua.push(WeakObject(try kernel { () throws(Failure) in try WeakReference(object.handle) }))
        return 1
    }

    nonisolated(unsafe) private static let declared = LuaClass(
        "weak", "A reference to a namespace that does not keep it alive: ns.weak.",
        methods: [
            LuaFunction(
                "weak:alive", [receiver],
                returns: [
                    LuaField("alive", .boolean, "whether the namespace lives"),
                    LuaField("certain", .boolean, "false where that is only likely"),
                ], "Tells whether the namespace still lives. open_by_handle_at(2)",
                details:
                    "certain is false for a namespace that nssh has no power over and does not see. Before Linux 6.18 it is false when only the inode number was found again, or nothing was: a holder may not be visible. "
                    + "It is true for dead where the namespace was the only one of its type in a user namespace below nssh's own: then "
                    + "another one is tried there while the limit is 1, for a moment. A death can show some 50 ms late.",
                example:
                    "local p = ns.clone{uts=true, user=\"root\"}\nlocal h = p:open(\"uts\")\nlocal w = ns.weak(h)\np:close()\n"
                    + "assert(w:alive())  -- h holds it\nh:close()\nfor _ = 1, 100 do if not w:alive() then break end sys.sleep(0.01) end\n"
                    + "assert(not w:alive())"
            ) { call throws(LuaError) in
                let reference = try call.receiver(WeakObject.self).reference
                let state = try kernel { () throws(Failure) in try reference.state() }
                call.lua.push(state.isAlive)
                call.lua.push(state.isCertain)
                return 2
            },
            LuaFunction(
                "weak:open", [receiver], returns: [LuaField("handle", .object("handle"), "an open handle, which keeps it alive")],
                "Opens the namespace; an error with the code ESTALE when it is dead or out of reach. open_by_handle_at(2)",
                details:
                    "It takes being in the namespace, or CAP_SYS_ADMIN in the user namespace that owns it. Before Linux 6.18 it has to be found "
                    + "at something that nssh can see.",
                example: "local h <close> = ns.open(\"self\", \"uts\")\nlocal again <close> = ns.weak(h):open()\nassert(again == h)"
            ) { call throws(LuaError) in
                let reference = try call.receiver(WeakObject.self).reference
                call.lua.push(HandleObject(try kernel { () throws(Failure) in try reference.open() }))
                return 1
            },
            LuaFunction(
                "weak:id", [receiver], returns: [LuaField("id", .integer, "its id; nil and the reason where the kernel has none")],
                "Tells the namespace's 64-bit id, as handle:id; it stays when the namespace is dead",
                example: "local h <close> = ns.open(\"self\", \"uts\")\nassert(ns.weak(h):id() == h:id())"
            ) { call throws(LuaError) in
                HandleObject.push(id: try call.receiver(WeakObject.self).reference.id, call.lua)
            },
        ])
}
