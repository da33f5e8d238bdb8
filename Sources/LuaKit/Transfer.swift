import CLua

/// Lua values as bytes, to cross to another process: nil, booleans, numbers, strings and tables of those, with shared and
/// cyclic references kept. What comes back may come from a process that is not to be trusted, so that reading checks
/// everything.
///
/// A message is: the roots, each a value; then each table, in the order of its first mention, as its metatable's name
/// (empty for none), the number of its entries, and these as pairs of values. Integers are 8 bytes, little-endian.
public enum Transfer {
    /// How many values cross at once; a table may have more.
    static let mostRoots = 200_000

    enum Tag: UInt8 {
        case `nil` = 0
        case `false`, `true`, integer, number, string, table
    }

    /// Encodes the values at the stack positions `roots`.
    ///
    /// - Parameters:
    ///   - what: what errors call a value: `the result`.
    ///   - uncounted: how many of the first roots are not counted in errors.
    ///   - most: how many bytes the message may have, as the option `max_reply` sets it.
    /// - Throws: a message that names the place of the first value that cannot cross; LIMIT where the message would be too long.
    public static func encode(_ lua: Lua, _ roots: Range<Int32>, what: String = "value", uncounted: Int = 0, most: Int = .max)
        throws(LuaError) -> [UInt8]
    {
        guard roots.count - uncounted < mostRoots else {
            throw .message("\(what): at most \(mostRoots) values cross at once, got \(roots.count - uncounted)")
        }
        guard lua.reserve(12) else { throw .message("stack overflow") }
        let top = lua.top
        defer { lua.top = top }
        lua.state.prepareTransfer(lua)
        var encoder = Encoder(lua: lua, what: what, most: most)
        lua.pushTable()
        encoder.queue = lua.top
        encoder.put(roots.count)
        for (position, root) in roots.enumerated() {
            try encoder.value(root) {
                .root(roots.count - uncounted == 1 ? what : "\(what) \(position + 1 - uncounted)")
            }
        }
        var table = 0
        while table < encoder.places.count {
            try encoder.table(table)
            table += 1
        }
        try encoder.requireRoom(0)
        return encoder.bytes
    }

    private struct Encoder {
        let lua: Lua
        let what: String
        let most: Int
        var bytes: [UInt8] = []
        /// The stack position of a Lua list of the tables met so far.
        var queue: Int32 = 0
        var numbers: [UnsafeRawPointer: Int] = [:]
        /// Where each table was first met.
        var places: [Place] = []

        mutating func put(_ value: Int) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }

        /// Looked at before a string is copied and after each entry of a table: nothing else is large.
        func requireRoom(_ count: Int) throws(LuaError) {
            if count > most - bytes.count { throw Transfer.tooLong(what, most) }
        }

        /// Where a value is: a root, or in table number `parent` the key at a stack position or its value. In words only
        /// when something cannot cross, for a long list would be all words.
        enum Place {
            case root(String)
            case key(parent: Int)
            case field(parent: Int, String)
        }

        func words(_ place: Place) -> String {
            var keys = 0
            var fields: [String] = []
            var place = place
            while true {
                switch place {
                case .key(let parent):
                    keys += 1
                    place = places[parent]
                case .field(let parent, let name):
                    fields.append(name)
                    place = places[parent]
                case .root(let name):
                    fields.reverse()
                    if fields.count > 20 { fields.replaceSubrange(10..<(fields.count - 10), with: ["…"]) }
                    return String(repeating: "a key of ", count: min(keys, 10)) + name + fields.joined()
                }
            }
        }

        mutating func value(_ index: Int32, _ place: () -> Place) throws(LuaError) {
            switch lua.kind(index) {
            case .nil: bytes.append(Tag.nil.rawValue)
            case .boolean: bytes.append((lua.boolean(index) ? Tag.true : Tag.false).rawValue)
            case .number:
                if lua.isInteger(index), let integer = lua.integer(index) {
                    bytes.append(Tag.integer.rawValue)
                    put(integer)
                } else {
                    bytes.append(Tag.number.rawValue)
                    put(Int(bitPattern: UInt((lua.number(index) ?? 0).bitPattern)))
                }
            case .string:
                var count = 0
                let start = lua_tolstring(lua.raw, index, &count)
                try requireRoom(count)
                bytes.append(Tag.string.rawValue)
                put(count)
                bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
            case .table:
                let identity = lua_topointer(lua.raw, index)!
                let number: Int
                if let known = numbers[identity] {
                    number = known
                } else {
                    number = places.count
                    numbers[identity] = number
                    places.append(place())
                    lua.pushValue(index)
                    lua.rawSet(queue, number + 1)
                }
                bytes.append(Tag.table.rawValue)
                put(number)
            default:
                throw .message("\(words(place())) is a \(lua.typeName(index)), which cannot cross to another process")
            }
        }

        mutating func table(_ number: Int) throws(LuaError) {
            lua.rawGet(queue, number + 1)
            let table = lua.top
            let name = metatableName(table)
            put(name.utf8.count)
            bytes.append(contentsOf: name.utf8)
            let start = bytes.count
            put(0)
            var entries = 0
            lua.pushNil()
            while try lua.next(table) {
                try value(table + 1) { .key(parent: number) }
                try value(table + 2) { [lua] in .field(parent: number, Transfer.describe(lua, table + 1)) }
                lua.pop()
                entries += 1
                try requireRoom(0)
            }
            withUnsafeBytes(of: entries.littleEndian) { bytes.replaceSubrange(start..<start + 8, with: $0) }
            lua.pop()
        }

        private func metatableName(_ table: Int32) -> String {
            lua.tableName(table) ?? ""
        }
    }

    /// The error of a message that is longer than `most` bytes.
    public static func tooLong(_ what: String, _ most: Int) -> LuaError {
        .fields(message: "\(what) takes more than \(most) bytes: max_reply sets another limit", [("code", .string("LIMIT"))])
    }

    /// `.name` or `[key]`.
    private static func describe(_ lua: Lua, _ key: Int32) -> String {
        if let name = lua.string(key) { return ".\(name.prefix(40))" }
        if lua.isInteger(key), let number = lua.integer(key) { return "[\(number)]" }
        if let number = lua.number(key) { return "[\(number)]" }
        return "[…]"
    }
}
