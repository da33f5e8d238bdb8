import Bindings
import Linux
import LuaKit

/// Values as the prompt shows them: as Lua would read them where it could, short ones on one line, lists of records in columns.
///
/// Tables are read without metamethods, and only so much of them as is shown. Other code runs for `__tostring` only; ^C ends it.
struct Printer {
    private let lua: Lua
    private let columns: Int
    private let colours: Colours

    /// How much is shown of a table: of the value itself, and of those in it.
    private let most = (outer: 100, inner: 20)
    private let depth = 5
    /// How many words are shown in all.
    private var budget = 3000
    /// How many entries beyond those are counted in all.
    private var countBudget = 10_000
    /// The tables that are being read, and how they were reached.
    private var open: [(identity: UnsafeRawPointer, path: String)] = []
    private var modules: [(identity: UnsafeRawPointer, name: String)] = []

    /// The columns of the terminal on standard output; 80 when it is none.
    static var terminalColumns: Int { Terminal.columns(1) ?? 80 }

    /// A printer for lines of at most so many columns.
    init(_ lua: Lua, columns: Int = Printer.terminalColumns, colours: Bool = Colours.wanted(1)) {
        self.lua = lua
        self.columns = min(max(columns, 20), 10_000)
        self.colours = Colours(areOn: colours)
    }

    /// The value at `index`.
    mutating func show(_ index: Int32) -> String {
        let lua = lua
        return lua.balanced("the printer") { shown(index) }
    }

    private mutating func shown(_ index: Int32) -> String {
        guard lua.reserve(40) else { return "a \(lua.typeName(index)): the stack is full" }
        let index = lua.absolute(index)
        findModules()
        if lua.kind(index) == .table, let module = modules.first(where: { $0.identity == lua.identity(index) }) {
            return Help.text(for: module.name, in: lua.state, columns: columns) ?? module.name
        }
        return Layout(columns: columns, colours: colours).text(read(index, path: ""))
    }

    /// The tables of `ns` and the others: they are filled when they are first used, so that there is nothing to see in them.
    private mutating func findModules() {
        modules = lua.state.moduleNames.compactMap { name in
            guard lua.pushLoaded(name) != .none else { return nil }
            defer { lua.pop() }
            return (lua.identity(-1), name)
        }
    }

    private mutating func read(_ index: Int32, path: String) -> Shown {
        budget -= 1
        switch lua.kind(index) {
        case .none, .nil: return .word(Word(text: "nil", role: .constant))
        case .boolean: return .word(Word(text: lua.boolean(index) ? "true" : "false", role: .constant))
        case .number:
            let text = lua.isInteger(index) ? Quoting.number(lua.integer(index) ?? 0) : Quoting.number(lua.number(index) ?? 0)
            return .word(Word(text: text, role: .number))
        case .string: return .word(string(index, most: open.isEmpty ? 10_000 : 300))
        case .function: return .word(Word(text: function(index), role: .function))
        case .table: return lua.hasMetafield(index, "__tostring") ? .word(display(index)) : table(index, path)
        case .userdata:
            if let object = lua.anyObject(index) { return .word(Word(text: TextEscape.escape(object.description.utf8), role: .object)) }
            return .word(display(index))
        case .thread, .lightUserdata: return .word(display(index))
        }
    }

    /// A string's word; what is over `most` bytes is left out.
    private func string(_ index: Int32, most: Int) -> Word {
        let count = lua.rawLength(index)
        let bytes = Printer.start(lua.prefix(index, most + 1), most)
        guard count > most else { return Word(text: Quoting.quote(bytes), role: .string, bare: TextEscape.escape(bytes)) }
        let text = "\(Quoting.quote(bytes)) … \(Quoting.count(count - bytes.count)) more bytes"
        return Word(text: text, role: .string, bare: TextEscape.escape(bytes) + "…")
    }

    /// What `tostring` says: the value's own `__tostring`, or its type and address.
    private mutating func display(_ index: Int32) -> Word {
        do throws(LuaError) {
            if lua.state.isInterrupted { return Word(text: "…", role: .note) }
            if !open.isEmpty, budget <= 0 { return Word(text: "…", role: .note) }
            // The first line of what is in a table, which can be there often.
            let shown = try lua.display(index, most: open.isEmpty ? 1 << 20 : 1 << 16)
            budget -= shown.utf8.count / 100
            let text = TextEscape.escape((open.isEmpty ? shown : firstLine(shown)).utf8, as: .lines)
            return Word(text: text, role: .object)
        } catch {
            let reason = lua.state.isInterrupted ? "interrupted" : ErrorText.of(error, lua).prefix { $0 != "\n" }.prefix(200)
            return Word(text: "<\(lua.typeName(index)): __tostring: \(TextEscape.escape(reason.utf8))>", role: .note)
        }
    }

    private func firstLine(_ text: String) -> String {
        let most = 300
        let line = text.utf8.prefix { $0 != UInt8(ascii: "\n") }
        if line.count == text.utf8.count, line.count <= most { return text }
        return "\(String(decoding: Printer.start(Array(line.prefix(most + 1)), most), as: UTF8.self)) …"
    }

    /// The first `most` bytes, not cut in the middle of a character.
    private static func start(_ bytes: [UInt8], _ most: Int) -> [UInt8] {
        var bytes = bytes
        if bytes.count > most { while let last = bytes.popLast(), last & 0xc0 == 0x80, bytes.count > most - 4 {} }
        return bytes
    }

    /// A binding by its signature, others by where they are defined or what the library calls them.
    private func function(_ index: Int32) -> String {
        if let binding = lua.state.binding(lua, index) { return binding.signature }
        if let place = lua.definition(index) { return "function: \(place.source):\(place.line)" }
        return "function: \(lua.libraryName(index) ?? "builtin")"
    }

    // MARK: Tables

    private mutating func table(_ index: Int32, _ path: String) -> Shown {
        let identity = lua.identity(index)
        if let module = modules.first(where: { $0.identity == identity }) {
            return .word(Word(text: "module \(module.name)", role: .function))
        }
        if let ancestor = open.first(where: { $0.identity == identity }) {
            return .word(Word(text: ancestor.path.isEmpty ? "<cycle>" : "<cycle: \(ancestor.path)>", role: .note))
        }
        if open.count >= depth || budget <= 0 || !lua.reserve(12) { return .word(Word(text: "{…}", role: .note)) }
        open.append((identity, path))
        defer { open.removeLast() }
        let top = lua.top
        defer { lua.top = top }
        var block = Block()
        if lua.pushMetafield(index, "__name") == .string { block.name = TextEscape.escape(lua.prefix(-1, 60)) }
        lua.top = top
        let most = open.count == 1 ? most.outer : most.inner
        let count = lua.rawLength(index)
        var listed: [UnsafeRawPointer] = []
        for position in stride(from: 1, through: min(count, most), by: 1) {
            if budget <= 0 { break }
            if lua.rawGet(index, position) == .table { listed.append(lua.identity(-1)) }
            block.items.append(Block.Item(key: nil, value: read(lua.top, path: "\(path)[\(position)]")))
            lua.pop()
        }
        let shown = block.items.count
        if count > shown { block.left.append(Word(text: "… \(Quoting.count(count - shown)) more", role: .note)) }
        named(index, path, positions: count, listed, most, &block)
        return .table(block)
    }

    /// The entries that are no positions, sorted. A list is not gone through for them: they come after it.
    private mutating func named(
        _ index: Int32, _ path: String, positions: Int, _ listed: [UnsafeRawPointer], _ most: Int, _ block: inout Block
    ) {
        var found: [(name: String, item: Block.Item)] = []
        var again: [String] = []
        var left = 0
        var isCounted = true
        if positions > most { lua.push(positions) } else { lua.pushNil() }
        while (try? lua.next(index)) == true {
            let key = lua.top - 1
            defer { lua.top = key }
            if lua.isInteger(key), let position = lua.integer(key), position >= 1, position <= positions { continue }
            if found.count + again.count >= most || budget <= 0 {
                left += 1
                countBudget -= 1
                if countBudget <= 0 {
                    isCounted = false
                    break
                }
                continue
            }
            let name = self.name(of: key)
            if lua.kind(key + 1) == .table, listed.contains(lua.identity(key + 1)) {
                again.append(name.text)
                continue
            }
            let place = name.isName ? "\(path).\(name.text)" : "\(path)\(name.text)"
            found.append((name.text, Block.Item(key: Word(text: name.text, role: .key), value: read(key + 1, path: place))))
        }
        block.items += found.sorted { $0.name < $1.name }.map(\.item)
        if left > 0 {
            block.left.append(Word(text: "… \(isCounted ? "" : "over ")\(Quoting.count(left)) more by name", role: .note))
        }
        if !again.isEmpty { block.left.append(Word(text: "the same by name: \(again.sorted().joined(separator: " "))", role: .note)) }
    }

    /// A key as it stands before `=`.
    private mutating func name(of key: Int32) -> (text: String, isName: Bool) {
        switch lua.kind(key) {
        case .string:
            if lua.rawLength(key) <= 100, let text = lua.string(key), Quoting.isName(text) { return (text, true) }
            return ("[\(string(key, most: 100).text)]", false)
        case .number:
            return ("[\(lua.isInteger(key) ? Quoting.number(lua.integer(key) ?? 0) : Quoting.number(lua.number(key) ?? 0))]", false)
        case .boolean: return ("[\(lua.boolean(key))]", false)
        case .function: return ("[\(function(key))]", false)
        case .table where !lua.hasMetafield(key, "__tostring"): return ("[{…}]", false)
        default: return ("[\(lua.anyObject(key).map { TextEscape.escape($0.description.utf8) } ?? display(key).text)]", false)
        }
    }
}
