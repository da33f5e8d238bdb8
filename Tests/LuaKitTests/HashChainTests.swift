import CLinux
import CLua
import Testing

@testable import LuaKit

/// How Lua hashes, as nssh counts it, and what of it is refused.
@Suite struct HashChainTests {
    /// A key that is alone on its chain lies in the node of that number, and `next` goes through the nodes in order.
    @Test(arguments: [1, 2, 4, 64, 1024, 4096]) func luaPutsNumbersWhereTheyAreCounted(nodes: Int) throws {
        let state = try makeState()
        let lua = state.lua
        var random = SystemRandomNumberGenerator()
        var integers: Set<Int> = [0, -1, .min, .max, 1 << 31, 1 << 32, -(1 << 31)]
        var floats: Set<Double> = [.infinity, -.infinity, 0.5, -0.5, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0x1p63, 0x1p64]
        while integers.count + floats.count < 15 + nodes / 3 {
            integers.insert(Int.random(in: .min ... .max, using: &random) >> Int.random(in: 0..<63, using: &random))
            let float = Double(bitPattern: UInt64.random(in: 0 ... .max, using: &random))
            if !float.isNaN, HashChains.integer(float) == nil { floats.insert(float) }
        }
        var chains: [String: Int] = [:]
        lua.reserve(4)
        // Positive integers would be in the array, were there one.
        lua.pushTable(fields: nodes)
        func add(_ chain: Int) {
            // Only those that fit: else the table would grow.
            guard chains.count < nodes else { return lua.pop() }
            lua.pushValue(-1)
            chains[(try? lua.display(-1)) ?? "?"] = chain
            lua.pop()
            lua.push(true)
            lua_rawset(lua.raw, -3)
        }
        for integer in integers {
            lua.push(integer)
            add(HashChains.chain(integer, nodes: nodes))
        }
        for float in floats {
            // Their texts may be equal, not they.
            lua.push(float)
            guard chains[(try? lua.display(-1)) ?? "?"] == nil else {
                lua.pop()
                continue
            }
            add(HashChains.chain(float, nodes: nodes))
        }
        var before = -1
        var seen = 0
        lua.pushNil()
        while try lua.next(-2) {
            lua.pop()
            guard let chain = chains[try lua.display(-1)] else {
                Issue.record("an unknown key")
                continue
            }
            guard chains.values.count(where: { $0 == chain }) == 1 else { continue }
            #expect(chain > before)
            before = chain
            seen += 1
        }
        #expect(nodes < 64 || seen > nodes / 8)
        lua.pop()
    }

    @Test func luaShowsTheHashesOfItsStrings() throws {
        let state = try makeState()
        #expect(nssh_lua_shows_hashes(state.lua.raw))
    }

    @Test(arguments: [
        ("for i = 1, 1000 do t[i] = i end", 1000, 0), ("for i = 1000, 1, -1 do t[i] = i end", 1000, 0), ("", 0, 0),
        ("t[1] = 1", 1, 0), ("t[2] = 1", 0, 1), ("t[3] = 1 t[1] = 1 t[2] = 1", 3, 0), ("t.a = 1 t[1] = 1 t[2.5] = 1", 1, 2),
        ("for i = 1, 5 do t[i] = 1 end t[1 << 40] = 1 t[-1] = 1 t[0] = 1", 5, 3),
        ("for i = 1, 100 do t[i * 2] = 1 end", 0, 100), ("for i = 1, 100 do t[i] = 1 t[i * 1000] = 1 end", 100, 100),
    ])
    func tablesGetTheSizesThatLuaWouldGiveThem(source: String, array: Int, fields: Int) throws {
        let state = try makeState()
        let lua = state.lua
        try lua.load(Array("local t = {} \(source) return t".utf8), name: "=test")
        try lua.call(arguments: 0, results: 1)
        var sizes = HashChains.Sizes()
        lua.pushNil()
        while try lua.next(1) {
            lua.pop()
            if lua.isInteger(-1), let key = lua.integer(-1) { sizes.add(key) } else { sizes.addOther() }
        }
        #expect(sizes.result == (array, fields))
        sizes.clear()
        #expect(sizes.result == (0, 0))
        lua.pop()
    }

    // MARK: What is accepted, and what is not

    /// Encodes what a chunk returns, and decodes it in another state.
    private func cross(_ source: String) throws -> String {
        let (state, other) = (try makeState(), try makeState())
        try state.lua.load(Array(source.utf8), name: "=test")
        try state.lua.call(arguments: 0, results: 1)
        let bytes = try Transfer.encode(state.lua, 1..<2)
        do throws(LuaError) { _ = try Transfer.decode(other.lua, bytes) } catch { return other.text(error) }
        var entries = 0
        other.lua.pushNil()
        while try other.lua.next(1) {
            other.lua.pop()
            entries += 1
        }
        return "\(entries) entries"
    }

    @Test(arguments: [
        "i", "-i", "i * 1024", "i * 4096", "i << 20", "i << 40", "(i << 32) + 7", "i * 60", "i * 1000", "i * 3600", "i * 86400",
        "i * 1000000", "1700000000 + i", "i * 3", "i * 7", "i * 0.5", "i / 3", "i * 1e-6", "i * 1e15 + 0.5", "1 / i",
        "math.random(0)", "math.random()", "math.random(1 << 40)", "-i * 2^70", "'key' .. i", "('%08d'):format(i)",
        "('%d.txt'):format(i * 8)",
        "('%05d and a long text that all of them have in common, to its end'):format(i)",
        "('a long text that all of them have in common, to its end, but for %05d'):format(i)", "string.pack('>i8', i)",
        "string.pack('<i4', i)", "i % 2 == 0 and i or 'k' .. i",
    ])
    func honestKeysPass(key: String) throws {
        for count in [65, 1000, 20_000] {
            let expected = key == "math.random(1 << 40)" || key == "math.random()" ? nil : "\(count) entries"
            let got = try cross("math.randomseed(7) local t = {} for i = 1, \(count) do t[\(key)] = i end return t")
            if let expected { #expect(got == expected, "\(key), \(count)") } else { #expect(got.hasSuffix("entries"), "\(got)") }
        }
    }

    /// As `Transfer` writes it: one table, whose keys are true.
    private func message(_ keys: [(tag: Transfer.Tag, value: UInt64)]) -> [UInt8] {
        var bytes: [UInt8] = []
        func put(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        put(1)
        bytes.append(Transfer.Tag.table.rawValue)
        put(0)
        put(0)
        put(UInt64(keys.count))
        for key in keys {
            bytes.append(key.tag.rawValue)
            put(key.value)
            bytes.append(Transfer.Tag.true.rawValue)
        }
        return bytes
    }

    private func refusal(_ bytes: [UInt8]) throws -> String {
        let state = try makeState()
        defer { #expect(state.lua.top == 0) }
        do throws(LuaError) { _ = try Transfer.decode(state.lua, bytes) } catch { return state.text(error) }
        state.lua.pop()
        return ""
    }

    /// Each of these took a second to minutes.
    @Test(arguments: [7, 10, 15]) func integersThatCollideAreRefused(power: UInt64) throws {
        let keys = (1...(UInt64(1) << power)).map { (Transfer.Tag.integer, $0 * ((1 << power) - 1)) }
        #expect(try refusal(message(keys)).contains("more than 64 number keys"))
        #expect(try refusal(message(Array(keys.prefix(64)))) == "")
        // Together with those that are in the array, which do not make the nodes more.
        let list = (1...(UInt64(1) << power)).map { (Transfer.Tag.integer, $0) }
        #expect(try refusal(message(list)) == "")
        #expect(try refusal(message(list + keys)).contains("more than 64 number keys"))
        #expect(try refusal(message(keys + list)).contains("more than 64 number keys"))
    }

    @Test func floatsThatCollideAreRefused() throws {
        // Lua looks at the first 31 bits of the fraction only.
        let keys = (1...UInt64(4096)).map { (Transfer.Tag.number, (1.5).bitPattern + $0) }
        #expect(try refusal(message(keys)).contains("more than 64 number keys"))
        // Floats that are integers are hashed as these.
        let integral = (1...UInt64(1024)).map { (Transfer.Tag.number, Double($0 * 1023).bitPattern) }
        #expect(try refusal(message(integral)).contains("more than 64 number keys"))
    }

    @Test func stringsThatCollideAreRefused() throws {
        let state = try makeState()
        let lua = state.lua
        #expect(nssh_lua_shows_hashes(lua.raw))
        let seed = nssh_lua_strings(lua.raw).pointee.seed
        /// So many strings whose hashes have the same ten last bits: four bytes, and then as many `x` as are wanted.
        func choose(_ count: Int, behind: Int) -> [[UInt8]] {
            var start = seed ^ UInt32(4 + behind)
            for _ in 0..<behind { start ^= (start << 5) &+ (start >> 2) &+ UInt32(UInt8(ascii: "x")) }
            var chosen: [[UInt8]] = []
            var number: UInt32 = 0
            while chosen.count < count {
                var hash = start
                // From the last byte to the first.
                hash ^= (hash << 5) &+ (hash >> 2) &+ (number & 0xff)
                hash ^= (hash << 5) &+ (hash >> 2) &+ (number >> 8 & 0xff)
                hash ^= (hash << 5) &+ (hash >> 2) &+ (number >> 16 & 0xff)
                hash ^= (hash << 5) &+ (hash >> 2) &+ (number >> 24)
                if hash & 1023 == 5 {
                    chosen.append([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) } + [UInt8](repeating: 0x78, count: behind))
                }
                number += 1
            }
            return chosen
        }
        let chosen = choose(3000, behind: 4)
        func send(_ strings: [[UInt8]], asKeys: Bool) throws -> String {
            lua.pushTable()
            for (position, string) in strings.enumerated() {
                if asKeys { lua.push(position) } else { lua.push(string) }
                if asKeys { lua.rawSet(1, string) } else { lua.rawSet(1, position + 1) }
            }
            let bytes = try Transfer.encode(lua, 1..<2)
            lua.top = 0
            _ = state.run("collectgarbage()")
            defer { lua.top = 0 }
            do throws(LuaError) { _ = try Transfer.decode(lua, bytes) } catch { return state.text(error) }
            return ""
        }
        #expect(try send(chosen, asKeys: false).contains("strings that fall on one chain"))
        #expect(try send(chosen, asKeys: true).contains("strings that fall on one chain"))
        #expect(try send(Array(chosen.prefix(500)), asKeys: true) == "")
        // Long ones are not in the table of strings; as keys they are hashed, too.
        let long = choose(2000, behind: 100)
        #expect(try send(long, asKeys: true).contains("strings that fall on one chain"))
        #expect(try send(long, asKeys: false) == "")
        // One text many times is one string.
        _ = state.run("list = {} for i = 1, 100000 do list[i] = { name = i, kind = 'x', [i % 7 .. 'f'] = i } end")
        lua.pushGlobals()
        lua.rawGet(-1, "list")
        lua.remove(-2)
        let bytes = try Transfer.encode(lua, 1..<2)
        lua.top = 0
        #expect(try Transfer.decode(lua, bytes) == 1)
        lua.top = 0
    }

    @Test func decodingPausesAndStops() throws {
        let state = try makeState()
        let lua = state.lua
        _ = state.run("list = {} for i = 1, 100000 do list[i] = i end")
        lua.pushGlobals()
        lua.rawGet(-1, "list")
        lua.remove(-2)
        let bytes = try Transfer.encode(lua, 1..<2)
        lua.top = 0
        var pauses = 0
        _ = try Transfer.decode(lua, bytes) { () throws(LuaError) in pauses += 1 }
        lua.top = 0
        #expect(pauses > 100)
        // ^C in the middle: it goes no further than to the next pause.
        pauses = 0
        do throws(LuaError) {
            _ = try Transfer.decode(lua, bytes) { () throws(LuaError) in
                pauses += 1
                if pauses == 150 { state.interrupt() }
            }
            Issue.record("it went on")
        } catch { #expect(state.text(error) == "interrupted!") }
        state.clearInterrupt()
        #expect(lua.top == 0 && pauses == 150)
        pauses = 0
        do throws(LuaError) {
            _ = try Transfer.decode(lua, bytes) { () throws(LuaError) in
                pauses += 1
                if pauses == 150 { throw .message("late") }
            }
            Issue.record("it went on")
        } catch { #expect(state.text(error) == "late") }
        #expect(lua.top == 0)
    }

    @Test func encodingHasALimit() throws {
        let state = try makeState()
        let lua = state.lua
        for (source, size) in [("return ('x'):rep(100000)", 100_017), ("local t = {} for i = 1, 1000 do t[i] = i end return t", 18_033)] {
            try lua.load(Array(source.utf8), name: "=test")
            try lua.call(arguments: 0, results: 1)
            #expect(try Transfer.encode(lua, 1..<2, most: size).count == size)
            do throws(LuaError) {
                _ = try Transfer.encode(lua, 1..<2, what: "the result", most: size - 1)
                Issue.record("it had no limit")
            } catch { #expect(state.text(error) == "the result takes more than \(size - 1) bytes: max_reply sets another limit") }
            lua.top = 0
        }
    }
}
