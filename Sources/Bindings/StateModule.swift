import Linux
import LuaKit

/// `require "nssh.state"`: what the bundled scripts remember from one run to the next, in files that are looked at closely. For them only:
/// a script of a user's has files of its own.
enum StateModule {
    /// The loader of the module.
    nonisolated(unsafe) static let loader = LuaFunction("nssh.state", variadic: true, "") { call throws(LuaError) in
        call.lua.reserve(4)
        call.lua.pushTable()
        for function in [read, write] {
            call.lua.state.push(function, call.lua)
            call.lua.rawSet(-2, function.shortName)
        }
        return 1
    }

    private static let most = 1 << 16
    /// The files that were opened, by their names.
    nonisolated(unsafe) private static var files: [String: StateFile] = [:]

    nonisolated(unsafe) private static let read = LuaFunction(
        "state.read", [LuaField("name", .string, "")], returns: [LuaField("text", .string, "")], "What was written there last, or nothing"
    ) { call throws(LuaError) in
        try orReason(call) { file throws(Failure) in
            var text: [UInt8] = []
            try file.update(last: most) { bytes, _ in
                text = bytes
                return nil
            }
            call.lua.push(text)
        }
    }

    nonisolated(unsafe) private static let write = LuaFunction(
        "state.write", [LuaField("name", .string, ""), LuaField("text", .string, "")], returns: [LuaField("written", .boolean, "")],
        "Remembers a text, in the place of what was there"
    ) { call throws(LuaError) in
        let text = call[1].bytes ?? []
        return try orReason(call) { file throws(Failure) in
            try file.update(last: 0) { _, _ in text }
            call.lua.push(true)
        }
    }

    /// What `body` pushes for the file that the first argument names, or nil and why not.
    private static func orReason(_ call: LuaCall, _ body: (StateFile) throws(Failure) -> Void) throws(LuaError) -> Int {
        let name = call[0].string ?? ""
        guard !name.isEmpty, name.utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) else {
            throw .argument(1, of: "state", "small letters expected")
        }
        do throws(Failure) {
            if files[name] == nil { files[name] = try StateFile(name) }
            if let file = files[name] { try body(file) }
            return 1
        } catch {
            call.lua.pushNil()
            call.lua.push(error.message)
            return 2
        }
    }
}
