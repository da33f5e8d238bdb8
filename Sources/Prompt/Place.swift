import Bindings
import Linux
import LuaKit
import Namespaces

/// Where inputs are evaluated when it is not nssh itself: a process or a namespace, entered by ns.call for each of them.
struct Place {
    /// What the prompt calls it.
    let label: String
    private let target: LuaReference
    /// A process that was named by its number: that may be another's later.
    private let held: HeldPid?

    /// Pops the target. (That it is one shows at the first call.)
    init(_ lua: Lua, label: String) {
        self.label = label
        let number = lua.kind(-1) == .number ? lua.integer(-1).flatMap { Int32(exactly: $0) } : nil
        if let number, number > 0, number <= Target.highestPid {
            held = try? HeldPid(number)
        } else {
            held = nil
        }
        target = LuaReference(lua)
    }

    private func requireAlive() throws(LuaError) {
        guard let held, (try? held.hasEnded()) ?? true else { return }
        throw .message("process \(held.pid), which :in named, has ended: \(label) may be another by now; :out leaves it")
    }

    /// Pushes the target.
    func push(_ lua: Lua) { target.push(lua) }

    /// Calls the chunk on top of the stack over there, and pops it.
    ///
    /// What comes back: a table of the variables that it has assigned to, then its values; with `showing`, the text of the values stands
    /// before them, and they are there only if they can cross.
    ///
    /// - Parameter columns: as wide as the text may be; a text to be compared has no colours.
    func call(_ lua: Lua, showing: Bool, columns: Int = Printer.terminalColumns, isCompared: Bool = false) throws(LuaError) {
        do throws(LuaError) { try requireAlive() } catch {
            lua.pop()
            throw error
        }
        lua.reserve(8)
        let chunk = lua.top
        lua.state.push(Binding.call, lua)
        target.push(lua)
        lua.state.push(Place.inside, lua)
        lua.pushValue(chunk)
        lua.push(showing)
        lua.push(columns)
        lua.push(isCompared)
        lua.remove(chunk)
        try lua.call(arguments: 6, results: -1, traceback: true)
    }

    /// Runs over there, in a copy of nssh: values are shown where they are, since not all can cross.
    nonisolated(unsafe) private static let inside = LuaFunction("prompt.inside", variadic: true, "") { call throws(LuaError) in
        let lua = call.lua
        let showing = lua.boolean(2)
        let columns = lua.integer(3) ?? 80
        let isCompared = lua.boolean(4)
        lua.top = 1
        lua.reserve(8)
        try lua.load(Array(Place.catching.utf8), name: "=prompt")
        lua.pushEnvironment(1)
        try lua.call(arguments: 1, results: 2)
        // chunk, metatable, what is assigned to
        lua.pushTable()
        lua.pushValue(2)
        lua.setMetatable(-2)
        lua.setEnvironment(1)
        lua.remove(2)
        lua.insert(1)
        var traceback: String?
        do throws(LuaError) { try lua.call(arguments: 0, results: -1, noting: &traceback) } catch {
            lua.push(error)
            if let traceback { lua.noteErrorFromOutside(traceback: traceback) }
            throw .value(LuaReference(lua))
        }
        lua.reserve(8)
        var text = showing ? Values.text(lua, from: 2, columns: columns, colours: !isCompared && Colours.wanted(1)) : ""
        if showing, (try? Transfer.encode(lua, 2..<(lua.top + 1))) == nil { lua.top = 1 }
        let stays = keepWhatCrosses(lua, 1)
        if !stays.isEmpty { text += (text.isEmpty ? "" : "\n") + "(only there: \(stays.joined(separator: ", ")))" }
        if showing {
            lua.push(text)
            lua.insert(2)
        }
        return Int(lua.top)
    }

    /// Makes the metatable of an environment, and the table of what is assigned to in it, before what the chunk sees. A table holds no
    /// nil: the names of what that was assigned to are at `false`.
    private static let catching = """
        local outer = ...
        local assigned, cleared = {}, {}
        return {
            __index = function(_, name)
                local value = assigned[name]
                if value == nil and not cleared[name] then return outer[name] end
                return value
            end,
            __newindex = function(_, name, value)
                assigned[name] = value
                cleared[name] = value == nil or nil
                assigned[false] = cleared
            end,
        }, assigned
        """

    /// Takes out of a table what cannot cross; the names of that.
    private static func keepWhatCrosses(_ lua: Lua, _ table: Int32) -> [String] {
        lua.pushNil()
        lua.setMetatable(table)
        var stays: [String] = []
        lua.pushNil()
        while (try? lua.next(table)) == true {
            if lua.kind(-2) == .string, let name = lua.string(-2), (try? Transfer.encode(lua, lua.top..<(lua.top + 1))) == nil {
                stays.append(name)
            }
            lua.pop()
        }
        for name in stays {
            lua.pushNil()
            lua.rawSet(table, name)
        }
        return stays.sorted()
    }
}
