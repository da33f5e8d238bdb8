import CLinux
import CLua

/// Why a value is not of its declared type: where inside the argument, and what is wrong there.
struct Mismatch: Error {
    var path: String
    var problem: String
    /// The sentence is complete; the function's name and the path are not put around it.
    var isWhole = false
    /// The error that ended the reading, and is not about the value: what an `__index` has raised, or ^C.
    var raised: LuaError?

    func inside(_ part: String) -> Mismatch {
        let joint = path.isEmpty || path.hasPrefix("[") ? "" : "."
        var outer = self
        outer.path = part + joint + path
        return outer
    }

    static func raised(_ error: LuaError) -> Mismatch { Mismatch(path: "", problem: "", raised: error) }
}

extension LuaType {
    /// Checks the value at `index` and reads it. Tables are read without metamethods, but for the declared fields of a record, which
    /// `__index` may give. What stays in Lua (functions, tables of any kind) is left on the stack.
    func read(_ lua: Lua, _ position: Int32, depth: Int = 0) throws(Mismatch) -> LuaValue {
        let index = lua.absolute(position)
        let kind = lua.kind(index)
        switch self {
        case .any: return try keep(lua, index)
        case .boolean: if kind == .boolean { return .boolean(lua.boolean(index)) }
        case .true: if kind == .boolean, lua.boolean(index) { return .boolean(true) }
        case .integer:
            if let value = lua.integer(index) { return .integer(value) }
            if kind == .number { throw Mismatch(path: "", problem: "number has no integer representation") }
        case .number:
            if kind == .number {
                if lua.isInteger(index), let value = lua.integer(index) { return .integer(value) }
                if let value = lua.number(index) { return .number(value) }
            }
        case .bytes: if let bytes = lua.bytes(index) { return .string(bytes) }
        case .string, .suggested:
            if let bytes = lua.bytes(index) {
                if bytes.contains(0) { throw Mismatch(path: "", problem: "it cannot contain a zero byte") }
                return .string(bytes)
            }
        case .function: if kind == .function { return try keep(lua, index) }
        case .table: if kind == .table { return try keep(lua, index) }
        case .file:
            switch kind == .userdata ? nssh_lua_file_descriptor(lua.raw, index) : -1 {
            case -1: break
            case -2: throw Mismatch(path: "", problem: "the file is closed")
            default: return try keep(lua, index)
            }
        case .object(let name):
            if let object = lua.anyObject(index), type(of: object).declaration.name == name { return .object(object) }
        case .choice(let names):
            if let bytes = lua.bytes(index) {
                if names.contains(where: { $0.utf8.elementsEqual(bytes) }) { return .string(bytes) }
                let text = String(decoding: bytes.prefix(64), as: UTF8.self)
                throw Mismatch(path: "", problem: "\(description) expected, got \"\(text)\"" + didYouMean(text, among: names))
            }
        case .list(let type): if kind == .table { return try readTable(lua, index, depth, positions: type, fields: nil) }
        case .map(let type): if kind == .table { return try readTable(lua, index, depth, positions: nil, fields: type) }
        case .numbered(let type): if kind == .table { return try readNumbered(lua, index, depth, type) }
        case .record(let record): if kind == .table { return try record.read(lua, index, depth) }
        case .named(_, let type):
            do throws(Mismatch) { return try type.read(lua, index, depth: depth) } catch {
                if error.raised != nil { throw error }
                // A choice says more than the name of the type: what there is to choose from, and what was meant.
                if error.path.isEmpty, error.problem.includes(" expected, got "), !error.problem.includes("got \"") { break }
                throw error
            }
        case .either(let types):
            // The alternative that the value comes nearest to gives the reason.
            var nearest: Mismatch?
            let top = lua.top
            for type in types where type.admits(kind, lua, index) {
                do throws(Mismatch) { return try type.read(lua, index, depth: depth) } catch {
                    if error.raised != nil { throw error }
                    if !error.path.isEmpty || error.isWhole || !error.problem.includes(" expected, got ")
                        || error.problem.contains("\"") && kind == .string
                    {
                        nearest = nearest ?? error
                    }
                    lua.top = top
                }
            }
            if let nearest { throw nearest }
        }
        throw Mismatch(path: "", problem: "\(description) expected, got \(shown(lua, index))")
    }

    /// Whether a value of this kind may be of the type: what is not needs no error that nobody sees. Errors are most of the cost
    /// of reading a value that may be one of several things.
    private func admits(_ kind: Lua.Kind, _ lua: Lua, _ index: Int32) -> Bool {
        switch self {
        case .any: true
        case .boolean, .true: kind == .boolean
        case .integer, .number: kind == .number
        case .string, .bytes, .choice, .suggested: kind == .string
        case .function: kind == .function
        case .table, .list, .map, .numbered, .record: kind == .table
        case .file: kind == .userdata && lua.anyObject(index) == nil
        case .object(let name): lua.anyObject(index).map { type(of: $0).declaration.name == name } ?? false
        case .either(let types): types.contains { $0.admits(kind, lua, index) }
        case .named(_, let type): type.admits(kind, lua, index)
        }
    }

    /// The value's type for a message; a boolean by its value where only `true` would do.
    private func shown(_ lua: Lua, _ index: Int32) -> String {
        lua.kind(index) == .boolean ? String(lua.boolean(index)) : lua.typeName(index)
    }

    private func keep(_ lua: Lua, _ index: Int32) throws(Mismatch) -> LuaValue {
        if let object = lua.anyObject(index) { return .object(object) }
        switch lua.kind(index) {
        case .none: return .none
        case .nil: return .none
        default: break
        }
        guard lua.reserve(8) else { throw Mismatch(path: "", problem: "too many values") }
        lua.pushValue(index)
        return .other(lua.top)
    }

    private func readTable(
        _ lua: Lua, _ index: Int32, _ depth: Int, positions: LuaType?, fields: LuaType?
    ) throws(Mismatch) -> LuaValue {
        try forEachEntry(lua, index, depth) { key, slot throws(Mismatch) in
            switch key {
            case .position(let position):
                guard let positions else { throw Mismatch(path: "[\(position)]", problem: "named fields expected, got a position") }
                do throws(Mismatch) { return try positions.read(lua, slot, depth: depth + 1) } catch { throw error.inside("[\(position)]") }
            case .name(let name):
                guard let fields else { throw Mismatch(path: "", problem: "list expected, got the field '\(name)'") }
                do throws(Mismatch) { return try fields.read(lua, slot, depth: depth + 1) } catch { throw error.inside(name) }
            }
        }
    }
}

extension LuaType {
    /// Positions and other integers alike.
    fileprivate func readNumbered(_ lua: Lua, _ index: Int32, _ depth: Int, _ type: LuaType) throws(Mismatch) -> LuaValue {
        try forEachEntry(lua, index, depth, integerKeys: true) { key, slot throws(Mismatch) in
            let name = if case .position(let number) = key { String(number) } else { "" }
            if name.isEmpty { throw Mismatch(path: "", problem: "numbers expected as keys, got a name") }
            do throws(Mismatch) { return try type.read(lua, slot, depth: depth + 1) } catch { throw error.inside("[\(name)]") }
        }
    }
}

enum TableKey {
    case position(Int)
    case name(String)
}

/// Reads each entry of the table at `index`; `read` gets the value's absolute position. What it keeps stays on the
/// stack, above everything that was there.
private func forEachEntry(
    _ lua: Lua, _ index: Int32, _ depth: Int, integerKeys: Bool = false, read: (TableKey, Int32) throws(Mismatch) -> LuaValue
) throws(Mismatch) -> LuaValue {
    guard depth < 16, lua.reserve(16) else { throw Mismatch(path: "", problem: "nested too deeply") }
    let index = lua.absolute(index)
    var table = LuaTable()
    let count = integerKeys ? 0 : lua.rawLength(index)
    guard count <= 1 << 20 else { throw Mismatch(path: "", problem: "too long: \(count) entries") }
    for position in stride(from: 1, through: count, by: 1) {
        if position % 1024 == 0, lua.state.isInterrupted { throw .raised(.interrupted) }
        lua.rawGet(index, position)
        let slot = lua.top
        table.list.append(try read(.position(position), slot))
        if lua.top == slot { lua.pop() }
    }
    lua.pushNil()
    while true {
        let key = lua.top
        var more: Int32 = 0
        guard nssh_lua_next(lua.raw, index, &more) == LUA_OK else {
            throw Mismatch(path: "", problem: "cannot be traversed")
        }
        guard more != 0 else { break }
        if table.fields.count % 1024 == 1023, lua.state.isInterrupted { throw .raised(.interrupted) }
        if lua.isInteger(key), let position = lua.integer(key), position >= 1, position <= count {
            lua.pop()
            continue
        }
        if integerKeys, lua.isInteger(key), let number = lua.integer(key) {
            table.fields.append((Array(String(number).utf8), try read(.position(number), key + 1)))
            if lua.top == key + 1 { lua.pop() } else { lua.pushValue(key) }
            continue
        }
        guard let name = lua.bytes(key) else {
            throw Mismatch(path: "", problem: "the key \(lua.describeKey(key)) is neither a position nor a name")
        }
        table.fields.append((name, try read(.name(String(decoding: name, as: UTF8.self)), key + 1)))
        if lua.top == key + 1 { lua.pop() } else { lua.pushValue(key) }
    }
    return .table(table)
}

extension Lua {
    fileprivate func describeKey(_ index: Int32) -> String {
        if let value = integer(index) { return "[\(value)]" }
        if let value = number(index) { return "[\(value)]" }
        return "of type \(typeName(index))"
    }
}

extension LuaRecord {
    /// Checks and reads a table of options: an unknown name is an error that names the nearest.
    func read(_ lua: Lua, _ index: Int32, _ depth: Int) throws(Mismatch) -> LuaValue {
        let value = try forEachEntry(lua, index, depth) { key, slot throws(Mismatch) in
            switch key {
            case .position(let position):
                guard let positions else {
                    throw Mismatch(path: "[\(position)]", problem: "\(name) takes named options only\(elsewhere)")
                }
                do throws(Mismatch) { return try positions.type.read(lua, slot, depth: depth + 1) } catch {
                    throw error.inside("[\(position)]")
                }
            case .name(let option):
                guard let field = fields.first(where: { $0.name == option }) else {
                    let hint = didYouMean(option, among: fields.map(\.name))
                    throw Mismatch(
                        path: "", problem: "unknown option '\(option)' for \(name)\(hint.isEmpty ? elsewhere : hint)", isWhole: true)
                }
                do throws(Mismatch) { return try field.type.read(lua, slot, depth: depth + 1) } catch { throw error.inside(option) }
            }
        }
        guard case .table(var table) = value else { return value }
        if lua.hasMetafield(index, "__index") { try readInherited(lua, index, depth, into: &table) }
        for field in fields where !field.isOptional && table[field.name].isNone {
            throw Mismatch(path: "", problem: "\(name) needs the option '\(field.name)'", isWhole: true)
        }
        return .table(table)
    }

    /// Adds the declared fields that the table has by its `__index`: options may have defaults. That can be a function, so each is got in
    /// a protected call. A function that is found so is a method of the table, and no option unless the field takes functions.
    private func readInherited(_ lua: Lua, _ index: Int32, _ depth: Int, into table: inout LuaTable) throws(Mismatch) {
        let index = lua.absolute(index)
        for field in fields where table[field.name].isNone {
            guard lua.reserve(8) else { throw Mismatch(path: "", problem: "too many values") }
            lua.push(field.name)
            do throws(LuaError) { try lua.get(index) } catch { throw .raised(error) }
            let slot = lua.top
            let kind = lua.kind(slot)
            if kind != .nil, kind != .function || field.type.takesFunctions {
                do throws(Mismatch) {
                    table.fields.append((Array(field.name.utf8), try field.type.read(lua, slot, depth: depth + 1)))
                } catch {
                    throw error.inside(field.name)
                }
            }
            if lua.top == slot { lua.pop() }
        }
    }
}

extension LuaType {
    /// Whether a function may be a value of the type.
    fileprivate var takesFunctions: Bool {
        switch self {
        case .any, .function: true
        case .either(let types): types.contains { $0.takesFunctions }
        case .named(_, let type): type.takesFunctions
        default: false
        }
    }
}
