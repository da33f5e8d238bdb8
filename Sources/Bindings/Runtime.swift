import CLinux
import Glibc
import Linux
import LuaKit
import Namespaces

/// A Lua state with all of nssh's bindings.
public enum Runtime {
    /// Makes the state; nil when there is no memory.
    public static func make(ignoringEnvironment: Bool = false) -> LuaState? {
        guard let state = LuaState(ignoringEnvironment: ignoringEnvironment) else { return nil }
        LuaState.setWarningEscape { text in text.flatMap { strdup(TextEscape.escape([UInt8](cString: $0), as: .lines)) } }
        state.register("ns") { NsModule.module }
        state.register("sys") { SysModule.module }
        state.register("net") { NetModule.module }
        let lua = state.lua
        lua.pushGlobals()
        state.push(Help.function, lua)
        lua.rawSet(-2, "help")
        lua.pop()
        ResultTable.declare(state)
        LedgerObject.declare(state)
        PlanTable.declare(state)
        TraceTable.declare(state)
        FeaturesTable.declare(state)
        HoldersFunction.declare(state)
        WhyFunction.declare(state)
        ListFunction.declare(state)
        TreeFunction.declare(state)
        DiffFunction.declare(state)
        WatchObject.declare(state)
        lua.push(.fields(message: "interrupted!", [("code", .string("INTERRUPTED"))]))
        state.setInterruptValue(lua)
        state.preload("nssh.reference", Reference.loader)
        state.preload("nssh.scripts", BundledScript.list)
        state.preload("nssh.state", StateModule.loader)
        state.preload("nssh.suggest", GlobalNames.suggestLoader)
        for index in 0..<nssh_script_count() {
            if let module = nssh_script_module(index) { state.preload(String(cString: module), BundledScript.loader) }
        }
        return state
    }
}

/// A script that the binary carries.
public struct BundledScript {
    /// `demo_uts.lua`, `lib/nssh/demo.lua`.
    public let name: String
    private let index: Int32

    /// All of them.
    public static var all: [BundledScript] {
        (0..<nssh_script_count()).map { BundledScript(name: String(cString: nssh_script_name($0)), index: $0) }
    }

    /// The script of a name, as `nssh NAME` has it.
    public static func named(_ name: String) -> BundledScript? { all.first { $0.name == name } }

    /// Its text.
    public var source: [UInt8] {
        var size = 0
        let start = nssh_script_source(index, &size)
        return [UInt8](UnsafeRawBufferPointer(start: start, count: size))
    }

    /// What it is, in one line: its first comment.
    public var summary: String {
        let line = source.prefix { $0 != 10 }.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: " ") }
        return String(decoding: line, as: UTF8.self)
    }

    /// The name for `require`; nil for one that is run.
    public var moduleName: String? { nssh_script_module(index).map { String(cString: $0) } }

    /// The chunk name in tracebacks: nssh's own.
    public var chunkName: String { "=\(moduleName == nil ? "" : "nssh:")\(name)" }

    /// The loader of the module that lists them: name, source, and module for those that are required.
    nonisolated(unsafe) static let list = LuaFunction("nssh.scripts", variadic: true, "") { call throws(LuaError) in
        call.lua.reserve(8)
        call.lua.push(list: all) { script in
            call.lua.push([("name", .string(script.name)), ("module", script.moduleName.map { .string($0) })])
            call.lua.push(script.source)
            call.lua.rawSet(-2, "source")
        }
        return 1
    }

    /// The loader of those that are required.
    nonisolated(unsafe) static let loader = LuaFunction("nssh.loader", variadic: true, "") { call throws(LuaError) in
        let lua = call.lua
        let name = lua.string(1) ?? ""
        guard let script = all.first(where: { $0.moduleName == name }) else { throw .message("no bundled module '\(name)'") }
        try lua.load(script.source, name: script.chunkName)
        lua.pushValue(1)
        try lua.call(arguments: 1, results: 1)
        return 1
    }
}
