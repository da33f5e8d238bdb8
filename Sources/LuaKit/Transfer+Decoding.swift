import CLinux
import CLua

extension Transfer {
    /// Pushes the values of a message.
    ///
    /// The work is bounded by the message's length, whatever is in it: tables get their size before their entries, more number keys on one
    /// chain of a table than honest data has are refused, and so is what would take many more steps along chains of strings than there
    /// are strings. (A copy of nssh knows the seed that Lua hashes strings with, and can choose them.)
    ///
    /// - Parameter pause: is called about every thousand values, to throw when there is no more time. ^C is looked at in any case.
    /// - Returns: how many were pushed.
    /// - Throws: an error when the bytes are no such message; nothing is pushed then.
    public static func decode(_ lua: Lua, _ bytes: [UInt8], pause: (() throws(LuaError) -> Void)? = nil) throws(LuaError) -> Int {
        let top = lua.top
        lua.state.prepareTransfer(lua)
        do throws(LuaError) {
            var decoder = Decoder(lua: lua, bytes: bytes, pause: pause)
            return try decoder.run()
        } catch {
            lua.top = top
            throw error
        }
    }

    private static var malformed: LuaError { .message("the other process sent something that is no value") }

    private static func chained(_ what: String) -> LuaError {
        .fields(
            message: "the other process sent \(what) that fall on one chain of Lua's hash table, where it would take long to find them",
            [("code", .string("LIMIT"))])
    }

    private struct Decoder {
        let lua: Lua
        let bytes: [UInt8]
        let pause: (() throws(LuaError) -> Void)?
        var position = 0
        /// The stack position of a Lua list of the tables named so far.
        var tables: Int32 = 0
        /// How many tables have been mentioned.
        var tableCount = 0
        /// Of each table, the sizes of its array and its nodes.
        var sizes: [(array: Int32, fields: Int32)] = []
        var strings = HashChains.Strings()
        /// Whether Lua's hashes of strings can be seen; else only ^C and `pause` end what takes long.
        let showsHashes: Bool
        /// Values and kilobytes till the next pause.
        var untilPause = 1000
        /// Steps along chains that may still be made: a few for each value, and some milliseconds in any case.
        var steps = 1 << 20

        init(lua: Lua, bytes: [UInt8], pause: (() throws(LuaError) -> Void)?) {
            self.lua = lua
            self.bytes = bytes
            self.pause = pause
            showsHashes = nssh_lua_shows_hashes(lua.raw)
        }

        mutating func run() throws(LuaError) -> Int {
            try measure()
            position = 0
            tableCount = 0
            let roots = try integer()
            guard lua.reserve(Int32(roots) + 12) else { throw malformed }
            lua.pushTable(array: sizes.count)
            tables = lua.top
            for _ in 0..<roots { try value() }
            for table in 0..<sizes.count { try fill(table) }
            lua.remove(tables)
            return roots
        }

        // MARK: Bytes

        mutating func take(_ count: Int) throws(LuaError) -> Int {
            guard count >= 0, count <= bytes.count - position else { throw malformed }
            defer { position += count }
            return position
        }

        mutating func integer() throws(LuaError) -> Int {
            let start = try take(8)
            return Int(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: Int.self) })
        }

        mutating func tag() throws(LuaError) -> Tag {
            let start = try take(1)
            guard let tag = Tag(rawValue: bytes[start]) else { throw malformed }
            return tag
        }

        mutating func float() throws(LuaError) -> Double { Double(bitPattern: UInt64(bitPattern: Int64(try integer()))) }

        mutating func rest(_ work: Int) throws(LuaError) {
            untilPause -= work
            guard untilPause < 0 else { return }
            untilPause = 1000
            if lua.state.isInterrupted { throw .interrupted }
            try pause?()
        }

        // MARK: The first pass: is it a message, and how large are its tables?

        mutating func measure() throws(LuaError) {
            let roots = try integer()
            guard roots >= 0, roots <= bytes.count, roots <= mostRoots else { throw malformed }
            for _ in 0..<roots { try skip(try tag()) }
            var counter = HashChains.Sizes()
            while sizes.count < tableCount {
                let nameLength = try integer()
                guard nameLength <= 64 else { throw malformed }
                _ = try take(nameLength)
                let entries = try integer()
                guard entries >= 0, entries <= bytes.count else { throw malformed }
                counter.clear()
                for _ in 0..<entries {
                    try measureKey(&counter)
                    try skip(try tag())
                }
                let (array, fields) = counter.result
                // More would be an error of Lua's, which would be raised over this frame.
                guard array <= 1 << 28, fields <= 1 << 27 else { throw malformed }
                sizes.append((Int32(array), Int32(fields)))
            }
            guard position == bytes.count else { throw malformed }
        }

        mutating func skip(_ tag: Tag) throws(LuaError) {
            try rest(1)
            switch tag {
            case .nil, .false, .true: break
            case .integer, .number: _ = try take(8)
            case .string: _ = try take(try integer())
            case .table:
                let number = try integer()
                guard number >= 0, number <= tableCount else { throw malformed }
                if number == tableCount { tableCount += 1 }
            }
        }

        mutating func measureKey(_ counter: inout HashChains.Sizes) throws(LuaError) {
            let tag = try tag()
            switch tag {
            // A key that a table cannot have would raise.
            case .nil: throw malformed
            case .integer: counter.add(try integer())
            case .number:
                let number = try float()
                guard !number.isNaN else { throw malformed }
                if let integer = HashChains.integer(number) { counter.add(integer) } else { counter.addOther() }
            default:
                counter.addOther()
                try skip(tag)
            }
        }

        // MARK: The second pass: the values

        mutating func value() throws(LuaError) {
            let tag = try tag()
            try rest(1)
            switch tag {
            case .nil: lua.pushNil()
            case .false: lua.push(false)
            case .true: lua.push(true)
            case .integer: lua.push(try integer())
            case .number: lua.push(try float())
            case .string: try string()
            case .table:
                let number = try integer()
                if number == tableCount {
                    lua.pushTable(array: Int(sizes[number].array), fields: Int(sizes[number].fields))
                    lua.pushValue(-1)
                    lua.rawSet(tables, number + 1)
                    tableCount += 1
                } else {
                    lua.rawGet(tables, number + 1)
                }
            }
        }

        mutating func string() throws(LuaError) {
            let count = try integer()
            let start = try take(count)
            try rest(count >> 10)
            lua.claim()
            var hash: UInt32 = 0
            let raw = lua.raw
            let isNew = bytes.withUnsafeBytes {
                nssh_lua_push_string(raw, ($0.baseAddress! + start).assumingMemoryBound(to: CChar.self), count, &hash)
            }
            if isNew, showsHashes { try walk(strings.add(hash), of: "strings") }
        }

        /// Counts the steps along a chain that one more value has taken.
        mutating func walk(_ length: Int, of what: String) throws(LuaError) {
            steps += 32 - length
            if steps < 0 { throw chained(what) }
        }

        mutating func fill(_ number: Int) throws(LuaError) {
            let nameLength = try integer()
            let nameStart = try take(nameLength)
            let name = String(decoding: bytes[nameStart..<(nameStart + nameLength)], as: UTF8.self)
            let entries = try integer()
            lua.rawGet(tables, number + 1)
            let table = lua.top
            // No chain can be long in a small one.
            let fields = Int(sizes[number].fields)
            var chains = fields > HashChains.most ? HashChains.Counts(entries: fields) : nil
            for _ in 0..<entries {
                try value()
                if chains != nil { try count(&chains!, array: Int(sizes[number].array)) }
                try value()
                lua_rawset(lua.raw, table)
            }
            if !name.isEmpty {
                guard let known = lua.state.tables.first(where: { $0.name == name }) else { throw malformed }
                known.push(lua)
                lua_setmetatable(lua.raw, table)
            }
            lua.pop()
        }

        /// Counts the key on top of the stack among those of a table whose array has `array` entries.
        mutating func count(_ chains: inout HashChains.Counts, array: Int) throws(LuaError) {
            switch lua.kind(-1) {
            case .number:
                let chain: Int
                if let integer = lua.integer(-1) {
                    if integer > 0, integer <= array { return }
                    chain = HashChains.chain(integer, nodes: chains.nodes)
                } else {
                    chain = HashChains.chain(lua.number(-1) ?? 0, nodes: chains.nodes)
                }
                if chains.add(chain) >= HashChains.most { throw chained("more than \(HashChains.most) number keys") }
            case .string where showsHashes:
                var length = 0
                let hash = nssh_lua_string_hash(lua.raw, -1, &length)
                // Long strings are compared byte by byte.
                let weight = 1 + length >> 6
                try walk(chains.add(Int(hash) & (chains.nodes - 1)) * weight, of: "strings")
            default: break
            }
        }
    }
}
