/// How Lua's tables find keys, as far as it takes to count how many land on one chain: a table of `nodes` nodes, a power of two, walks a
/// chain at each look at one of its keys, and a chain of n keys takes n² / 2 steps to be filled. Nothing can stop Lua in there.
///
/// Numbers are hashed without a seed (`ltable.c` of Lua 5.4), so that whoever chooses the keys chooses the chain. Other keys are hashed
/// with one, or by their address. (HashChainTests holds this against the Lua that nssh is linked with.)
enum HashChains {
    /// How many numbers may be on one chain. Honest keys, in rows or at random, are fewer than ten.
    static let most = 64

    /// The chain of an integer: `hashint`.
    static func chain(_ key: Int, nodes: Int) -> Int { Int(UInt(bitPattern: key) % UInt((nodes - 1) | 1)) }

    /// The chain of a float that is no integer: `l_hashfloat`.
    static func chain(_ key: Double, nodes: Int) -> Int {
        guard key.isFinite else { return 0 }
        // What frexp(3) gives: a fraction from 0.5 to 1, here in units of 2^-31, and an exponent.
        let fraction = Int((key.sign == .minus ? -key.significand : key.significand) * 0x1p30)
        let sum = UInt32(truncatingIfNeeded: key.exponent + 1) &+ UInt32(truncatingIfNeeded: fraction)
        return Int(sum <= UInt32(Int32.max) ? sum : ~sum) % ((nodes - 1) | 1)
    }

    /// The integer that Lua makes of a float key, when it has one: `2.0` is the key 2.
    static func integer(_ key: Double) -> Int? { key == key.rounded(.down) ? Int(exactly: key) : nil }

    /// The sizes that Lua would give a table, counted from its integer keys: an array of which more than half is used, and nodes for the
    /// rest. `rehash`.
    struct Sizes {
        /// How many keys are from 2^(n-1)+1 to 2^n.
        private var counts = [Int](repeating: 0, count: 65)
        private var largest = [Int](repeating: 0, count: 65)
        private var integers = 0
        private var others = 0

        mutating func clear() {
            others = 0
            guard integers > 0 else { return }
            integers = 0
            for bin in counts.indices { (counts[bin], largest[bin]) = (0, 0) }
        }

        mutating func addOther() { others += 1 }

        mutating func add(_ key: Int) {
            if key <= 0 { return addOther() }
            let bin = key == 1 ? 0 : Int.bitWidth - (key - 1).leadingZeroBitCount
            counts[bin] += 1
            largest[bin] = max(largest[bin], key)
            integers += 1
        }

        /// The entries of the array, and of the nodes.
        var result: (array: Int, fields: Int) {
            var sum = 0
            var inArray = 0
            var array = 0
            var end = 0
            var bin = 0
            while integers > (1 << bin) / 2, bin < 40 {
                sum += counts[bin]
                end = max(end, largest[bin])
                if sum > (1 << bin) / 2 { (inArray, array) = (sum, end) }
                bin += 1
            }
            return (array, integers - inArray + others)
        }
    }

    /// Counts what lands on the chains of one hash table.
    struct Counts {
        private(set) var nodes: Int
        private var counts: [UInt32]

        /// For a table of so many entries.
        init(entries: Int) {
            nodes = 1
            while nodes < entries { nodes *= 2 }
            counts = [UInt32](repeating: 0, count: nodes)
        }

        /// Adds a key; how many were on its chain before.
        mutating func add(_ chain: Int) -> Int {
            defer { counts[chain] &+= 1 }
            return Int(counts[chain])
        }
    }

    /// The chains of Lua's table of short strings, of which each exists once: what is counted are those that were not there before. Lua's
    /// table has more nodes than this, and so shorter chains.
    struct Strings {
        private var hashes: [UInt32] = []
        private var counts = Counts(entries: 256)

        /// Adds a new string; how many were on its chain before.
        mutating func add(_ hash: UInt32) -> Int {
            if hashes.count == counts.nodes {
                counts = Counts(entries: 2 * hashes.count)
                for hash in hashes { _ = counts.add(Int(hash) & (counts.nodes - 1)) }
            }
            hashes.append(hash)
            return counts.add(Int(hash) & (counts.nodes - 1))
        }
    }
}
