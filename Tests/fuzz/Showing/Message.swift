/// Messages as another process could send them: well-formed ones of nested tables with metatables of nssh's, and mutations of these. All
/// comes from a number, so that a case can be tried again.
struct Message {
    private(set) var bytes: [UInt8] = []
    private var random: SplitMix
    /// The metatables that a table can come with.
    private let metatables: [String]
    /// How many tables have been mentioned.
    private var tables = 0

    private static let mostTables = 16

    /// Names that the texts about tables look for, and some that mean something at the prompt.
    private static let fields = [
        "asked", "by", "call", "certain", "children", "code", "columns", "command", "detail", "errno", "error", "go", "holders", "id",
        "inexpressible", "kind", "link", "lost", "message", "n", "name", "names", "netnsid", "nprocs", "ns", "nsfs", "ok", "ons", "owner",
        "path", "pid", "pns", "ppid", "release", "result", "seconds", "signal", "since", "status", "stderr", "stdout", "suspects",
        "summary", "supported", "text", "timed_out", "traceback", "type", "uid", "user", "values", "where", "__name", "__tostring",
    ]
    private static let texts: [[UInt8]] =
        [
            "", "NS", "TYPE", "HOLDERS", "COMMAND", "uts", "x", "\n\n\n", "\u{1b}[2J\u{7}", "你好", "e\u{301}\u{301}", "\u{202e}", "a\0b",
            "%s%n", "… ",
        ].map { Array($0.utf8) } + [[0xff, 0xfe, 0xe4, 0xbd], [0xf0, 0x9f]]
    private static let long = Array(repeating: UInt8(ascii: "y"), count: 5000)
    private static let integers = [
        0, 1, -1, 2, 63, 64, 255, 1 << 31, 1 << 32, 1 << 53, 1 << 62, .max, .min, .max - 1, 0x4141_4141_4141_4141,
    ]
    private static let numbers: [Double] = [
        .nan, .infinity, -.infinity, 0x1p63, -0x1p63, 0x1p64, 1e300, -1e300, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0, 0.5,
        1e15,
        9.3e15, 3.0,
    ]

    init(seed: UInt64, number: Int, metatables: [String]) {
        random = SplitMix(state: seed &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(number))
        self.metatables = metatables
        let roots = chance(80) ? 1 : Int.random(in: 0...3, using: &random)
        put(roots)
        for _ in 0..<roots { if chance(90) { table() } else { value() } }
        var table = 0
        while table < tables {
            contents(isRoot: table < roots)
            table += 1
        }
        if chance(30) { mutate() }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
    private mutating func pick<Element>(_ list: [Element]) -> Element { list[Int.random(in: 0..<list.count, using: &random)] }
    private mutating func put(_ value: Int) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }

    private mutating func put(_ tag: UInt8, _ value: Int) {
        bytes.append(tag)
        put(value)
    }

    private mutating func put(_ text: [UInt8]) {
        put(5, text.count)
        bytes += text
    }

    private mutating func table() {
        let isNew = tables == 0 || tables < Message.mostTables && chance(85)
        put(6, isNew ? tables : Int.random(in: 0..<tables, using: &random))
        if isNew { tables += 1 }
    }

    private mutating func value() {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: bytes.append(0)
        case 1, 2: bytes.append(1)
        case 3, 4, 5: bytes.append(2)
        case 6, 7, 8: put(3, pick(Message.integers))
        case 9, 10, 11: put(4, Int(bitPattern: UInt(pick(Message.numbers).bitPattern)))
        case 12...16: put(chance(2) ? Message.long : pick(Message.texts))
        default: table()
        }
    }

    private mutating func key() {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: put(3, pick(Message.integers))
        case 1: put(3, Int(1) << Int.random(in: 0..<63, using: &random))
        case 2: put(4, Int(bitPattern: UInt(pick(Message.numbers.filter { !$0.isNaN }).bitPattern)))
        case 3: put(pick(Message.texts))
        case 4: table()
        default: put(Array(pick(Message.fields).utf8))
        }
    }

    /// What a table holds: a list first, of tables for the most part, then fields.
    private mutating func contents(isRoot: Bool) {
        let name = chance(isRoot ? 90 : 25) ? pick(metatables) : ""
        put(name.utf8.count)
        bytes += name.utf8
        let positions = isRoot && chance(15) ? pick([40, 70, 130]) : pick(isRoot ? [0, 1, 2, 5] : [0, 0, 0, 1, 3])
        // A border of the powers of two, which is no list at all.
        let powers = chance(5) ? 63 : 0
        let fields = pick([0, 1, 3, 6])
        put(positions + powers + fields)
        let isList = chance(70)
        for position in 0..<positions {
            put(3, position + 1)
            if isList { table() } else { value() }
        }
        for power in 0..<powers {
            put(3, 1 << power)
            bytes.append(2)
        }
        for _ in 0..<fields {
            key()
            value()
        }
    }

    /// Small and extreme values are where counts and tags go wrong.
    private mutating func mutate() {
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bytes.removeLast(min(bytes.count, Int.random(in: 1...9, using: &random)))
            case 1: bytes.insert(.random(in: 0...255, using: &random), at: place)
            case 2: bytes.remove(at: place)
            default: bytes[place] = pick([0, 1, 2, 3, 4, 5, 6, 7, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &random)])
            }
        }
    }
}

/// SplitMix64: the same numbers in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
