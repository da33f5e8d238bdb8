/// Reads a table to tell about it, as `tostring` does: whatever is in it, in bounded time, and with Lua's stack left as it was.
///
/// A table may come from another process, which chooses its metatable and all that is in it; and a script may change a table, or put a
/// metatable of nssh's on one of its own. So a field may be of any type, a length any border, a string of any size. What is not as it
/// should be counts as absent, and of what is large only a part is read. No metamethod is called.
public struct TableReader {
    /// How many entries of a list are looked at.
    public static let mostEntries = 10_000
    /// How many bytes of a string are read, unless more are asked for.
    public static let mostBytes = 4096

    private let lua: Lua
    private let index: Int32
    private let budget: Budget

    /// How many bytes a text may still get, whatever it is made of: of a table or string that is in a list many times, too.
    private final class Budget { var bytes = 1 << 22 }

    /// A reader of the table at `index`; nil when there is none, or no room on the stack.
    public init?(_ lua: Lua, _ index: Int32) { self.init(lua, lua.absolute(index), Budget()) }

    private init?(_ lua: Lua, _ index: Int32, _ budget: Budget) {
        guard lua.kind(index) == .table, lua.reserve(4) else { return nil }
        (self.lua, self.index, self.budget) = (lua, index, budget)
    }

    // MARK: Fields

    /// What kind of value a field is.
    public func kind(_ name: String) -> Lua.Kind { look(name) { lua.kind($0) } ?? .none }

    /// Whether a field counts as true in Lua: it is neither nil nor false.
    public func isTrue(_ name: String) -> Bool { look(name) { lua.boolean($0) } ?? false }

    /// A field that is an integer, or a float with an integral value.
    public func integer(_ name: String) -> Int? { look(name) { lua.integer($0) } ?? nil }

    /// A field that is a number; it may be no finite one.
    public func number(_ name: String) -> Double? { look(name) { lua.number($0) } ?? nil }

    /// A field that is a string, cut after so many bytes.
    public func string(_ name: String, most: Int = mostBytes) -> String? { look(name) { text($0, most) } ?? nil }

    /// A field that is a string, whole: for what goes on as it is, and is not told about.
    public func whole(_ name: String) -> String? { look(name) { lua.string($0) } ?? nil }

    /// The length in bytes of a field that is a string.
    public func size(_ name: String) -> Int? { look(name) { lua.kind($0) == .string ? lua.rawLength($0) : nil } ?? nil }

    /// Reads a field that is a table.
    public func table<Value>(_ name: String, _ read: (TableReader) -> Value) -> Value? {
        look(name) { TableReader(lua, $0, budget).map(read) } ?? nil
    }

    /// What `tostring` says of a field, cut after so many bytes; nil when it is absent. This runs its `__tostring`. Of a table like
    /// this one only the name is told: each of them could have another in it.
    public func display(_ name: String, most: Int = mostBytes) -> String? {
        look(name) { slot in
            if lua.kind(slot) == .nil { return nil }
            if let kind = lua.tableName(slot), kind == lua.tableName(index) { return "a \(kind)" }
            do throws(LuaError) {
                let text = try lua.display(slot, most: min(most, max(budget.bytes, 0)))
                budget.bytes -= text.utf8.count
                return text
            } catch { return "a \(lua.typeName(slot)) that cannot be shown" }
        } ?? nil
    }

    // MARK: Lists

    /// Reads the entries at 1, 2 and so on that are tables; the others are passed over.
    ///
    /// - Returns: how many entries were not looked at, because there are more than `most` or the text has become too long.
    public func forEachRecord(most: Int = mostEntries, _ read: (TableReader) -> Void) -> Int {
        forEachPosition(most) { slot in if let record = TableReader(lua, slot, budget) { read(record) } }
    }

    /// The entries at 1, 2 and so on that are strings, `…` for those after `most` or over so many bytes in all.
    public func strings(most: Int = 100, bytes: Int = mostBytes) -> [String] {
        var strings: [String] = []
        var room = bytes
        let left = forEachPosition(most) { slot in
            guard room > 0, let string = text(slot, room) else { return }
            strings.append(string)
            room -= string.utf8.count + 1
        }
        return left > 0 || room <= 0 ? strings + ["…"] : strings
    }

    /// What is said of entries that were left out; nil for none.
    public static func left(_ count: Int) -> String? { count > 0 ? "… and \(count) more" : nil }

    /// Counts bytes that the text gets in another way than by a string that was read.
    public func spend(_ bytes: Int) { budget.bytes -= min(bytes, 1 << 40) }

    // MARK: The stack

    /// Calls `read` with the position of a field's value on the stack.
    private func look<Value>(_ name: String, _ read: (Int32) -> Value) -> Value? {
        guard lua.reserve(4) else { return nil }
        let top = lua.top
        defer { lua.top = top }
        lua.rawGet(index, name)
        return read(top + 1)
    }

    private func forEachPosition(_ most: Int, _ read: (Int32) -> Void) -> Int {
        let count = lua.rawLength(index)
        guard lua.reserve(4) else { return count }
        let top = lua.top
        for position in stride(from: 1, through: min(count, most), by: 1) {
            if budget.bytes <= 0 { return count - position + 1 }
            lua.rawGet(index, position)
            read(top + 1)
            lua.top = top
        }
        return max(count - most, 0)
    }

    private func text(_ index: Int32, _ most: Int) -> String? {
        guard let text = lua.string(index, most: min(most, max(budget.bytes, 0))) else { return nil }
        budget.bytes -= text.utf8.count
        return text
    }
}
