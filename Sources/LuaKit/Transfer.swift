import CLinux
import CLua

/// Lua values as bytes, to cross to another process: nil, booleans, numbers, strings and tables of those, with shared and
/// cyclic references kept. What comes back may come from a process that is not to be trusted, so that reading checks
/// everything.
///
/// A message is: the roots, each a value; then each table, in the order of its first mention, as its metatable's name
/// (empty for none), the number of its entries, and these as pairs of values. Integers are 8 bytes, little-endian.
public enum Transfer {
    /// How many values cross at once; a table may have more.
    private static let mostRoots = 200_000

    private enum Tag: UInt8 {
        case `nil` = 0
        case `false`, `true`, integer, number, string, table
    }

    /// Encodes the values at the stack positions `roots`.
    ///
    /// - Parameters:
    ///   - what: what errors call a value: `the result`.
    ///   - uncounted: how many of the first roots are not counted in errors.
    /// - Throws: a message that names the place of the first value that cannot cross.
    public static func encode(_ lua: Lua, _ roots: Range<Int32>, what: String = "value", uncounted: Int = 0) throws(LuaError) -> [UInt8] {
        guard roots.count - uncounted < mostRoots else {
            throw .message("\(what): at most \(mostRoots) values cross at once, got \(roots.count - uncounted)")
        }
        guard lua.reserve(12) else { throw .message("stack overflow") }
        let top = lua.top
        defer { lua.top = top }
        lua.state.prepareTransfer(lua)
        var encoder = Encoder(lua: lua, what: what)
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
        return encoder.bytes
    }

    private struct Encoder {
        let lua: Lua
        let what: String
        var bytes: [UInt8] = []
        /// The stack position of a Lua list of the tables met so far.
        var queue: Int32 = 0
        var numbers: [UnsafeRawPointer: Int] = [:]
        /// Where each table was first met.
        var places: [Place] = []

        mutating func put(_ value: Int) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }

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
            }
            withUnsafeBytes(of: entries.littleEndian) { bytes.replaceSubrange(start..<start + 8, with: $0) }
            lua.pop()
        }

        private func metatableName(_ table: Int32) -> String {
            lua.tableName(table) ?? ""
        }
    }

    /// `.name` or `[key]`.
    private static func describe(_ lua: Lua, _ key: Int32) -> String {
        if let name = lua.string(key) { return ".\(name.prefix(40))" }
        if lua.isInteger(key), let number = lua.integer(key) { return "[\(number)]" }
        if let number = lua.number(key) { return "[\(number)]" }
        return "[…]"
    }

    /// Pushes the values of a message.
    ///
    /// - Returns: how many were pushed.
    /// - Throws: an error when the bytes are no such message; nothing is pushed then.
    public static func decode(_ lua: Lua, _ bytes: [UInt8]) throws(LuaError) -> Int {
        let top = lua.top
        lua.state.prepareTransfer(lua)
        do {
            var decoder = Decoder(lua: lua, bytes: bytes)
            return try decoder.run()
        } catch {
            lua.top = top
            throw .message("the other process sent something that is no value")
        }
    }

    private struct Malformed: Error {}

    private struct Decoder {
        let lua: Lua
        let bytes: [UInt8]
        var position = 0
        /// The stack position of a Lua list of the tables named so far.
        var tables: Int32 = 0
        var tableCount = 0

        init(lua: Lua, bytes: [UInt8]) {
            self.lua = lua
            self.bytes = bytes
        }

        mutating func take(_ count: Int) throws(Malformed) -> ArraySlice<UInt8> {
            guard count >= 0, count <= bytes.count - position else { throw Malformed() }
            defer { position += count }
            return bytes[position..<position + count]
        }

        mutating func integer() throws(Malformed) -> Int {
            var value: UInt64 = 0
            for byte in try take(8).reversed() { value = value << 8 | UInt64(byte) }
            return Int(truncatingIfNeeded: value)
        }

        mutating func run() throws(Malformed) -> Int {
            let roots = try integer()
            guard roots >= 0, roots <= bytes.count, roots <= mostRoots, lua.reserve(Int32(roots) + 12) else { throw Malformed() }
            lua.pushTable()
            tables = lua.top
            for _ in 0..<roots { try value() }
            var table = 0
            while table < tableCount {
                try fill(table)
                table += 1
            }
            guard position == bytes.count else { throw Malformed() }
            lua.remove(tables)
            return roots
        }

        mutating func value() throws(Malformed) {
            guard let tag = Tag(rawValue: try take(1).first!) else { throw Malformed() }
            switch tag {
            case .nil: lua.pushNil()
            case .false: lua.push(false)
            case .true: lua.push(true)
            case .integer: lua.push(try integer())
            case .number: lua.push(Double(bitPattern: UInt64(bitPattern: Int64(try integer()))))
            case .string:
                let count = try integer()
                let slice = try take(count)
                slice.withUnsafeBytes {
                    _ = lua_pushlstring(lua.raw, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
                }
            case .table:
                let number = try integer()
                guard number >= 0, number <= tableCount else { throw Malformed() }
                if number == tableCount {
                    lua.pushTable()
                    lua.pushValue(-1)
                    lua.rawSet(tables, number + 1)
                    tableCount += 1
                } else {
                    lua.rawGet(tables, number + 1)
                }
            }
        }

        mutating func fill(_ number: Int) throws(Malformed) {
            let nameLength = try integer()
            guard nameLength <= 64 else { throw Malformed() }
            let name = String(decoding: try take(nameLength), as: UTF8.self)
            let entries = try integer()
            guard entries >= 0, entries <= bytes.count else { throw Malformed() }
            lua.rawGet(tables, number + 1)
            let table = lua.top
            for _ in 0..<entries {
                try value()
                // A key that a table cannot have would raise.
                let isNaN = lua.number(-1).map { $0.isNaN } ?? false
                guard lua.kind(-1) != .nil, !isNaN else { throw Malformed() }
                try value()
                lua_rawset(lua.raw, table)
            }
            if !name.isEmpty {
                guard let known = lua.state.tables.first(where: { $0.name == name }) else { throw Malformed() }
                known.push(lua)
                lua_setmetatable(lua.raw, table)
            }
            lua.pop()
        }
    }
}
