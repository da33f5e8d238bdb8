/// What a development build checks of Lua's stack: every binding leaves it as it found it, and makes room for what it pushes.
///
/// Neither shows otherwise. Lua drops what a binding leaves below its results, until a loop in one leaves more than there is room for,
/// and a push without room overwrites what is behind the stack. A release build has no such checks.
struct StackCheck {
    /// A call of a binding that runs now, or what is below all of them.
    private struct Frame {
        let raw: OpaquePointer
        /// Up to where it may push.
        var room: Int32
    }

    private var frames: [Frame]
    /// What is done about a fault. It does not come back, but in the tests of the checks.
    var report: (String) -> Void = { fatalError($0) }

    /// Checks of the calls on a new state, whose main thread is `raw`.
    init(_ raw: OpaquePointer) { frames = [Frame(raw: raw, room: StackCheck.least)] }

    /// Every C function has so much room at its start. LUA_MINSTACK.
    static let least: Int32 = 20

    /// A binding is called.
    mutating func enter(_ lua: Lua) { frames.append(Frame(raw: lua.raw, room: lua.top + StackCheck.least)) }

    /// It is over.
    mutating func leave() { frames.removeLast() }

    /// There is room for `count` more values. What is known is the running call's stack only, not another thread's.
    mutating func grant(_ lua: Lua, _ count: Int32) {
        guard frames[frames.count - 1].raw == lua.raw else { return }
        frames[frames.count - 1].room = max(frames[frames.count - 1].room, lua.top + count)
    }

    /// `count` values are about to be pushed.
    func claim(_ lua: Lua, _ count: Int32) {
        guard let frame = frames.last, frame.raw == lua.raw, lua.top + count > frame.room else { return }
        report("Lua's stack has no room for \(count) more of \(lua.top) values: reserve(_:) them")
    }

    /// `what` has returned with `results`, and had found `before` values. It may also have left nothing but its results.
    func compare(_ lua: Lua, _ what: String, before: Int32, results: Int32) {
        if lua.top == before + results || lua.top == results { return }
        report("\(what) leaves \(lua.top - before - results) values on Lua's stack besides its \(results) results")
    }
}

extension Lua {
    /// Says that `count` values are about to be pushed. The functions that push say so themselves.
    @inline(__always) func claim(_ count: Int32 = 1) {
        #if DEBUG
        state.stackCheck?.claim(self, count)
        #endif
    }

    /// Says that there is room for `count` more values.
    @inline(__always) func grant(_ count: Int32) {
        #if DEBUG
        state.stackCheck?.grant(self, count)
        #endif
    }

    /// Runs what leaves the stack as it finds it, but for `results` values on top. A development build stops where it does not.
    @inline(__always) public func balanced<Value, Thrown: Error>(
        _ what: @autoclosure () -> String, results: Int32 = 0, _ body: () throws(Thrown) -> Value
    ) throws(Thrown) -> Value {
        #if DEBUG
        let before = top
        let result = try body()
        state.stackCheck?.compare(self, what(), before: before, results: results)
        return result
        #else
        return try body()
        #endif
    }
}
