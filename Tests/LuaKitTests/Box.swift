@testable import LuaKit

/// An object to test with. Its class declares a method, a property, and one that fails.
class Box: LuaObject {
    let name: String
    let item: Counter.Item?
    private(set) var closes = 0

    init(_ name: String, item: Counter.Item? = nil) {
        self.name = name
        self.item = item
    }

    nonisolated(unsafe) private static let boxDeclaration = LuaClass(
        "box", "",
        properties: [
            LuaProperty("label", .string, "") { object, lua throws(LuaError) in lua.push((object as! Box).name) },
            LuaProperty("broken", .string, "") { _, _ throws(LuaError) in throw .message("broken") },
        ],
        methods: [
            LuaFunction("box:name", [LuaField("self", .object("box"), optional: false, "")], "") {
                call throws(LuaError) in
                call.lua.push(try call.receiver(Box.self).name)
                return 1
            },
            LuaFunction("box:closes", [LuaField("self", .object("box"), optional: false, "")], "") {
                call throws(LuaError) in
                call.lua.push(try call.receiver(Box.self).closes)
                return 1
            },
            LuaFunction("box:close", [LuaField("self", .object("box"), optional: false, "")], "") {
                call throws(LuaError) in
                try call.receiver(Box.self).close()
                return 0
            },
        ])

    override class var declaration: LuaClass { boxDeclaration }
    override func close() throws(LuaError) {
        closes += 1
        if name == "stuck" { throw .message("the box is stuck") }
    }
    override var description: String { "box \(name)" }
    override func isEqual(to other: LuaObject) -> Bool { (other as? Box)?.name == name }
}

/// Another class, with a property that only its own objects have.
final class Lid: LuaObject {
    let size = 7
    nonisolated(unsafe) private static let lidDeclaration = LuaClass(
        "lid", "",
        properties: [
            LuaProperty("size", .integer, "") { object, lua throws(LuaError) in lua.push((object as! Lid).size) }
        ],
        methods: [])
    override class var declaration: LuaClass { lidDeclaration }
}

/// `t.box(name)` and `t.lid()`; boxes count in `counter`.
func boxBindings(_ counter: Counter = Counter()) -> (box: LuaFunction, lid: LuaFunction) {
    (
        LuaFunction("t.box", [LuaField("name", .string, optional: false, "")], "") { call throws(LuaError) in
            call.lua.push(Box(call[0].string ?? "", item: Counter.Item(counter)))
            return 1
        },
        binding("lid") { call throws(LuaError) in
            call.lua.push(Lid())
            return 1
        }
    )
}
