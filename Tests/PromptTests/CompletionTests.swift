import Bindings
import LuaKit
import Testing

@testable import Prompt

@Suite struct CompletionTests {
    private let session: LuaSession
    private static let commands = [
        PromptCommand(name: "demo", argument: .demonstration), PromptCommand(name: "time", argument: .expression),
    ]

    init() throws { session = try LuaSession() }

    private func complete(_ text: String, pending: String = "", sources: CompletionSources = CompletionSources(commands: commands))
        -> Completion
    {
        Completion(session.state.lua, Array(text.utf8), pending: Array(pending.utf8), sources: sources)
    }

    private func words(_ text: String, pending: String = "") -> [String] { complete(text, pending: pending).candidates.map(\.text) }

    /// What a ⇥ makes of a text that can become one thing only.
    private func completed(_ text: String) -> String {
        let completion = complete(text)
        guard completion.candidates.count == 1 else { return completion.candidates.map(\.text).joined(separator: " ") }
        return String(decoding: Array(text.utf8)[..<completion.start], as: UTF8.self) + completion.candidates[0].text
            + completion.candidates[0].suffix
    }

    @Test(arguments: [
        ("ns.cl", "ns.clone{"), ("x = ns.inod", "x = ns.inode("), ("net.li", "net.links()"), ("strin", "string."),
        ("string.re", "rep reverse"),
        ("help(ns.cl", "help(ns.clone"), ("ns.clone{us", "ns.clone{user = "), ("ns.clone{ user = true, u", "uid uts"),
        ("ns.clone{pid = {i", "ns.clone{pid = {init = "), ("ns.clone({ pid = { pro", "ns.clone({ pid = { proc = "),
        ("ns.clone<us", "ns.clone<user = "),
        ("ns.clone{user = \"r", "ns.clone{user = \"root\""), ("ns.clone{user = 'r", "ns.clone{user = 'root'"),
        ("ns.clone{user = [[r", "ns.clone{user = [[root]]"),
        ("ns.clone{ mnt = { propagation = \"sl", "ns.clone{ mnt = { propagation = \"slave\""),
        ("ns.clone{ uts = t", "ns.clone{ uts = true"),
        ("ns.inode(1234, \"ut", "ns.inode(1234, \"uts\""), ("ns.inode(\"se", "ns.inode(\"self\""),
        ("ns.open('self', 'uts'):owner", "ns.open('self', 'uts'):owner_uid()"),
        ("ns.open('self', 'uts'):parent():owner", "ns.open('self', 'uts'):parent():owner_uid()"),
        ("sys.mount{ flags = { \"bi", "sys.mount{ flags = { \"bind\""),
        ("sys.stat(\"/proc/self/mountin", "sys.stat(\"/proc/self/mountinfo\""), ("sys.stat(\"/et", "sys.stat(\"/etc/"),
        ("require \"nssh.dem", "require \"nssh.demo\""),
        ("help \"propaga", "help \"propagation\""), (":dem", ":demo "), (":demo demo_ut", ":demo demo_uts"),
        (":time ns.cl", ":time ns.clone{"), ("?propaga", "?propagation"),
        ("!/bin/s", "!/bin/sh "), ("retur", "return"), ("-- ns.cl", ""), ("x = 'a' .. ns.cl", "x = 'a' .. ns.clone{"), ("nosuch.", ""),
        ("nosuch.field:", ""),
        ("io.stdout:wri", "io.stdout:write("), ("sys.getcwd():reve", "sys.getcwd():reverse("),
    ])
    func oneThing(_ text: String, _ result: String) {
        // A path that there may be more of is looked at by its start.
        if text == "!/bin/s" { #expect(words(text).contains("/bin/sh")) } else { #expect(completed(text) == result) }
    }

    @Test func keysOfTables() {
        session.run("t = { alpha = 1, beta = { gamma = 2 }, ['a b'] = 3, [1] = { delta = 4 } }")
        #expect(words("t.") == ["alpha", "beta"])
        #expect(words("t.beta.") == ["gamma"])
        #expect(words("t[1].") == ["delta"])
        #expect(completed("t[\"a b") == "t[\"a b\"]")
        session.run("base = { shout = function() end } object = setmetatable({ own = 1 }, { __index = base })")
        #expect(words("object:") == ["shout"])
        #expect(words("object.") == ["own", "shout"])
    }

    /// No metamethod is called, and no function.
    @Test func nothingRuns() {
        session.run(
            """
            calls = 0
            local function count() calls = calls + 1 return {} end
            trap = setmetatable({}, { __index = count, __pairs = count, __len = count, __call = count, __tostring = count, __eq = count, __name = 'x' })
            deep = { trap = trap, f = count }
            setmetatable(_G, { __index = count, __pairs = count })
            """)
        for text in [
            "trap.", "trap.x.", "trap:", "deep.trap.y", "deep.f().", "trap().", "nosuch.", "nosuch(", "trap(", "deep.f(", "ns.inode(tr",
            "t", "trap[\"a",
        ] {
            _ = complete(text)
        }
        #expect(session.show("rawget(_G, 'calls')") == "0")
    }

    @Test func objectsByTheirClass() {
        session.run("handle = ns.open('self', 'uts')")
        #expect(words("handle:o") == ["owner_uid"])
        #expect(words("handle.").contains("processes"))
        // Where one is wanted, it is offered.
        #expect(words("ns.same(h") == ["handle"])
        #expect(words("ns.same(").contains("handle"))
    }

    @Test func localsAndLinesBefore() {
        let sources = CompletionSources(
            localNames: { ["mine"] },
            pushLocal: { lua, name in
                guard name == "mine" else { return false }
                lua.push([("field", .integer(1))])
                return true
            })
        #expect(complete("min", sources: sources).candidates.map(\.text) == ["mine"])
        #expect(complete("mine.", sources: sources).candidates.map(\.text) == ["field"])
        #expect(words("us", pending: "ns.clone{\n") == ["user"])
        #expect(words("x", pending: "s = [[\n") == [] || !words("x", pending: "s = [[\n").contains("xpcall"))
    }

    @Test func pidsHaveTheirCommands() {
        let completion = complete("ns.inode(1")
        let first = completion.candidates.first { $0.text == "1" }
        #expect(first?.shown.hasPrefix("1 ") == true)
        #expect(completion.candidates.allSatisfy { $0.text.allSatisfy(\.isNumber) && $0.text.hasPrefix("1") })
        // Not where no process is meant.
        #expect(words("sys.sleep(1") == [])
    }

    @Test func signatures() throws {
        func signature(_ text: String) -> String? { complete(text).signature?.text(columns: 200, Colours(areOn: false)) }
        #expect(signature("ns.clone{")?.hasPrefix("ns.clone([options])\n  Makes a process") == true)
        #expect(signature("ns.inode(1, ")?.contains("\n  type: \"mnt\", \"uts\"") == true)
        #expect(signature("ns.clone{ user = ")?.contains("\n  user: ") == true)
        #expect(signature("print(") == nil)
    }

    @Test func theStackIsLeftAsItWas() {
        let top = session.state.lua.top
        for text in ["ns.", "x", "ns.clone{ user = ", "require '", "string.", "t[", "ns.open('self', 'uts'):"] { _ = complete(text) }
        #expect(session.state.lua.top == top)
    }

    /// Whatever has been typed of them, completing the examples in the declarations breaks nothing.
    @Test func anyStartOfAnExampleIsTaken() {
        for function in session.state.modules.flatMap(\.functions) {
            for count in stride(from: 0, through: function.example.utf8.count, by: 3) {
                _ = Completion(session.state.lua, Array(function.example.utf8.prefix(count)))
            }
        }
        #expect(session.state.lua.top == 0)
    }
}
