import Testing

@testable import Prompt

/// What is being typed, from the text alone. `|` is not written: the cursor is at the end.
@Suite struct ContextTests {
    private func context(_ text: String) -> CompletionContext { CompletionContext(Array(text.utf8)) }

    @Test(arguments: [
        ("", CompletionContext.Subject.name, ""), ("pri", .name, "pri"), ("x = pri", .name, "pri"), ("ns.", .field([.root("ns")]), ""),
        ("ns.cl", .field([.root("ns")]), "cl"), ("p:ru", .method([.root("p")]), "ru"),
        ("a.b[1].c", .field([.root("a"), .field("b"), .position(1)]), "c"),
        ("ns.open('x'):p", .method([.root("ns"), .field("open"), .call]), "p"), ("f{ g(1, 2) }.x", .field([.root("f"), .call]), "x"),
        ("require 'm'.f", .field([.root("require"), .call]), "f"), ("t[\"ke", .field([.root("t")]), "ke"),
        ("t['a'].b", .field([.root("t"), .field("a")]), "b"),
        ("x = 'abc", .string, "abc"), ("x = [[abc\nde", .string, "abc\nde"), ("x = 'a' .. ", .name, ""), ("x = \"it's", .string, "it's"),
        ("-- comm", .nothing, "-- comm"), ("--[[ comm\n x", .nothing, ""), ("--[[ c ]] pr", .name, "pr"), ("-- c\npr", .name, "pr"),
        ("local na", .nothing, "na"), ("local func", .name, "func"), ("function f", .nothing, "f"), ("for i", .nothing, "i"),
        ("goto l", .nothing, "l"), ("12", .number, "12"),
        ("a .. b", .name, "b"), ("a..", .name, ""), ("(f)(x).y", .nothing, "y"), ("'abc' x.", .field([.root("x")]), ""),
        ("return ns.", .field([.root("ns")]), ""),
    ])
    func subjects(_ text: String, _ subject: CompletionContext.Subject, _ word: String) {
        let context = context(text)
        #expect(context.subject == subject, "\(text)")
        if subject != .nothing { #expect(context.word == word, "\(text)") }
    }

    /// The call, the argument, and the way to the place in its tables.
    @Test(arguments: [
        ("f(", [Link.root("f")], 0, [], false), ("f(1, ", [.root("f")], 1, [], false),
        ("ns.clone{", [.root("ns"), .field("clone")], 0, [], true),
        ("ns.clone{u", [.root("ns"), .field("clone")], 0, [], true), ("ns.clone{ a = 1, ", [.root("ns"), .field("clone")], 0, [], true),
        ("ns.clone{ user = ", [.root("ns"), .field("clone")], 0, ["user"], false),
        ("ns.clone({ user = \"r", [.root("ns"), .field("clone")], 0, ["user"], false),
        ("ns.clone{ pid = { i", [.root("ns"), .field("clone")], 0, ["pid"], true),
        ("ns.clone{ user = { uid = { { 0, ", [.root("ns"), .field("clone")], 0, ["user", "uid", nil], true),
        ("p:run{ ", [.root("p"), .method("run")], 0, [], true), ("ns.inode(1, 'u", [.root("ns"), .field("inode")], 1, [], false),
        ("require 'x", [.root("require")], 0, [], false), ("f(g(1), { 2 }, h, ", [.root("f")], 3, [], false),
        ("f(a, g(", [.root("g")], 0, [], false),
        ("f(function() end, ", [.root("f")], 1, [], false), ("ns.clone<u", [.root("ns"), .field("clone")], 0, [], true),
        ("ns.clone<user=true, u", [.root("ns"), .field("clone")], 0, [], true), ("f((", [.root("f")], 0, [], false),
        ("if x then f(", [.root("f")], 0, [], false), ("f('(', ", [.root("f")], 1, [], false),
    ])
    func places(_ text: String, _ function: Chain, _ argument: Int, _ path: [String?], _ isEntry: Bool) throws {
        let place = try #require(context(text).place, "\(text)")
        #expect(place.function == function, "\(text)")
        #expect(place.argument == argument, "\(text)")
        #expect(place.path == path, "\(text)")
        #expect(place.isEntry == isEntry, "\(text)")
    }

    @Test(arguments: [
        "", "x = { a", "f(1)", "f(function() ", "f{1} ", "function f(a", "t[f", "(a", "x < y", ") } ]", "end end",
        "f(function() if x then ", "local t <clo",
    ])
    func outsideOfCalls(_ text: String) { #expect(context(text).place == nil, "\(text)") }

    @Test func whatIsGivenAlready() { #expect(context("f{ a = 1, b = { c = 2 }, ").place?.given == ["a", "b"]) }

    /// Whatever is typed, nothing breaks: every start of these.
    @Test func anyStartOfATextIsTaken() {
        let texts = [
            "local p <close> = ns.clone{ uts = true, pid = { init = true }, 'sh', \"-c\", [==[ x ]] ]==] } --[=[ c ]=] p:run{ sh = 'a\\'b' }[1].x['y']:z()",
            "\\ \u{fffd} 0x1p-3 ... :: ~= // >> << '\\", "for i = 1, #t do t[i](function(...) return ... end) end",
        ]
        for text in texts { for count in 0...text.utf8.count { _ = CompletionContext(Array(text.utf8.prefix(count))) } }
    }
}
