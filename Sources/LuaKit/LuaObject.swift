import CLinux
import CLua

/// The declaration of a class of objects.
public final class LuaClass {
    /// The name that messages and `__name` show.
    public let name: String
    /// One line.
    public let summary: String
    /// The methods, called with a colon.
    public let methods: [LuaFunction]
    /// The fields.
    public let properties: [LuaProperty]

    /// What a call of an object does, as a for loop makes it; nil if it cannot be called.
    let call: LuaFunction?

    /// A class's declaration.
    public init(
        _ name: String, _ summary: String, properties: [LuaProperty] = [], methods: [LuaFunction], call: LuaFunction? = nil
    ) {
        self.name = name
        self.summary = summary
        self.properties = properties
        self.methods = methods
        self.call = call
    }
}

/// A field of an object, computed when it is read.
public struct LuaProperty {
    /// Its name.
    public let name: String
    /// The type of its values.
    public let type: LuaType
    /// One line.
    public let summary: String
    let get: (LuaObject, Lua) throws(LuaError) -> Void

    /// A property's declaration; `get` pushes one value.
    public init(_ name: String, _ type: LuaType, _ summary: String, get: @escaping (LuaObject, Lua) throws(LuaError) -> Void) {
        self.name = name
        self.type = type
        self.summary = summary
        self.get = get
    }
}

/// A Swift object that Lua holds as userdata. Subclasses override what they need.
open class LuaObject {
    /// The class's declaration.
    open class var declaration: LuaClass { fatalError("a LuaObject needs a declaration") }

    /// A new object.
    public init() {}

    /// What `<close>` and an explicit close do; more than one call is harmless.
    open func close() throws(LuaError) {}

    /// What collection does; it cannot fail.
    open func collect() { try? close() }

    /// `tostring`.
    open var description: String { Self.declaration.name }

    /// `==`.
    open func isEqual(to other: LuaObject) -> Bool { self === other }
}

extension Lua {
    /// Pushes an object as userdata.
    public func push(_ object: LuaObject) {
        reserve(4)
        claim()
        let block = lua_newuserdatauv(raw, blockSize, 0)!
        block.storeBytes(of: nil, as: UnsafeRawPointer?.self)
        block.storeBytes(of: objectMark, toByteOffset: blockSize / 2, as: UnsafeRawPointer.self)
        guard !state.isClosing else { return object.collect() }
        state.pushMetatable(self, of: type(of: object))
        block.storeBytes(of: UnsafeRawPointer(Unmanaged.passRetained(object).toOpaque()), as: UnsafeRawPointer?.self)
        lua_setmetatable(raw, -2)
    }

    /// The object at `index`, when there is one.
    public func anyObject(_ index: Int32) -> LuaObject? {
        guard let pointer = objectBlock(index)?.load(as: UnsafeRawPointer?.self) else { return nil }
        return Unmanaged<LuaObject>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// The userdata block of an object of ours. The metatable says nothing: debug.setmetatable gives it to any userdata.
    fileprivate func objectBlock(_ index: Int32) -> UnsafeMutableRawPointer? {
        guard lua_type(raw, index) == Kind.userdata.rawValue, rawLength(index) == blockSize,
            let block = lua_touserdata(raw, index),
            block.load(fromByteOffset: blockSize / 2, as: UnsafeRawPointer?.self) == objectMark
        else { return nil }
        return block
    }
}

/// A block holds the object, until it is collected, and the mark of our blocks.
private let blockSize = 2 * MemoryLayout<UnsafeRawPointer>.size
nonisolated(unsafe) private let objectMark = UnsafeRawPointer(UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))

extension LuaState {
    /// Pushes the metatable of a class of objects, made at its first use.
    func pushMetatable(_ lua: Lua, of type: LuaObject.Type) {
        let key = ObjectIdentifier(type)
        if let reference = metatables[key] {
            reference.push(lua)
            return
        }
        let declaration = type.declaration
        lua.reserve(6)
        lua.pushTable(fields: 10)
        lua.push(declaration.name)
        lua.rawSet(-2, "__name")
        lua.push(false)
        lua.rawSet(-2, "__metatable")
        for (name, function) in objectMetamethods {
            push(function, lua)
            lua.rawSet(-2, name)
        }
        if let function = declaration.call {
            push(function, lua)
            lua.rawSet(-2, "__call")
        }
        lua.pushTable(fields: declaration.methods.count)
        for method in declaration.methods {
            push(method, lua)
            lua.rawSet(-2, method.shortName)
        }
        let methods = LuaReference(lua)
        push(indexFunction(type, methods), lua)
        lua.rawSet(-2, "__index")
        lua.pushValue(-1)
        metatables[key] = LuaReference(lua)
        self.methods[declaration.name] = methods
    }
}

private func indexFunction(_ kind: LuaObject.Type, _ methods: LuaReference) -> LuaFunction {
    let declaration = kind.declaration
    return LuaFunction("\(declaration.name).__index", variadic: true, "") { call throws(LuaError) in
        let lua = call.lua
        guard let object = lua.anyObject(1) else { throw .message("this \(declaration.name) is gone") }
        guard type(of: object) == kind else { throw .message("\(declaration.name) expected, got \(lua.typeName(1))") }
        methods.push(lua)
        lua.pushValue(2)
        let found = lua_rawget(lua.raw, -2)
        lua.remove(-2)
        if found != Lua.Kind.nil.rawValue { return 1 }
        lua.pop()
        guard let name = lua.string(2) else { throw .message("a \(declaration.name) has named fields only, got a \(lua.typeName(2))") }
        for property in declaration.properties where property.name == name {
            try lua.balanced("'\(declaration.name).\(name)'", results: 1) { () throws(LuaError) in try property.get(object, lua) }
            return 1
        }
        let names = declaration.properties.map(\.name) + declaration.methods.map(\.shortName)
        throw .message("a \(declaration.name) has no field '\(name)'\(didYouMean(name, among: names))")
    }
}

/// The metamethods that all classes share.
nonisolated(unsafe) private let objectMetamethods: [(String, LuaFunction)] = [
    (
        "__gc",
        LuaFunction("__gc", variadic: true, "") { call throws(LuaError) in
            guard let block = call.lua.objectBlock(1), let pointer = block.load(as: UnsafeRawPointer?.self) else { return 0 }
            block.storeBytes(of: nil, as: UnsafeRawPointer?.self)
            let object = Unmanaged<LuaObject>.fromOpaque(pointer).takeRetainedValue()
            object.collect()
            return 0
        }
    ),
    (
        "__close",
        LuaFunction("__close", variadic: true, "") { call throws(LuaError) in
            try call.lua.anyObject(1)?.close()
            return 0
        }
    ),
    (
        "__tostring",
        LuaFunction("__tostring", variadic: true, "") { call throws(LuaError) in
            call.lua.push(call.lua.anyObject(1)?.description ?? "a value that is gone")
            return 1
        }
    ),
    (
        "__eq",
        LuaFunction("__eq", variadic: true, "") { call throws(LuaError) in
            guard let first = call.lua.anyObject(1), let second = call.lua.anyObject(2) else {
                call.lua.push(false)
                return 1
            }
            call.lua.push(first.isEqual(to: second))
            return 1
        }
    ),
]
