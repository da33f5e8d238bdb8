import Glibc
import Linux
import LuaKit
import Namespaces

/// ns.load and snapshot:save: a snapshot in a file.
enum LoadFunction {
    nonisolated(unsafe) static let function = LuaFunction(
        "ns.load", [LuaField("path", Declared.path, optional: false, "a file of snapshot:save or of ns.graph{format=\"json\"}")],
        returns: [LuaField("snapshot", .object("snapshot"), "as it was taken, on this machine or another")],
        "Reads a snapshot from a file",
        details: "What is wrong in the file is an error that names the place. Paths in it are taken for such only where they lead to the "
            + "namespace here; the others are in texts, marked as said by the file.",
        example: "local path = os.tmpname()\nns.scan():save(path)\nassert(#ns.load(path).namespaces >= 8)\nos.remove(path)"
    ) { call throws(LuaError) in
        let path = call[0].bytes ?? []
        call.lua.push(SnapshotObject(try kernel { () throws(Failure) in try Snapshot.load(path) }))
        return 1
    }

    nonisolated(unsafe) static let method = LuaFunction(
        "snapshot:save",
        [SnapshotObject.receiver, LuaField("path", Declared.path, optional: false, "the file; one that is there is replaced")],
        "Writes the snapshot to a file, as JSON",
        details: "All that was seen is in it, names and command lines of processes too; only its owner may read a new file. "
            + "snapshot:graph{format=\"json\", anonymous=true} is fit for others.",
        example: "local path = os.tmpname()\nns.scan():save(path)\nos.remove(path)"
    ) { call throws(LuaError) in
        let snapshot = try call.receiver(SnapshotObject.self).snapshot
        let path = call[1].bytes ?? []
        try kernel { () throws(Failure) in
            try Descriptor.open(path, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600).writeAll(Array(snapshot.json.text.utf8))
        }
        return 0
    }
}
