import Testing

@testable import LuaKit

@Suite struct AngleBracketTests {
    private func rewritten(_ source: String) -> String? {
        AngleBrackets.rewrite(Array(source.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        arguments: [
            ("ns.clone<uts=true>", "ns.clone{uts=true}"),
            (
                "local p = ns.clone < uts = true, ipc = true > p:close()",
                "local p = ns.clone { uts = true, ipc = true } p:close()"
            ),
            ("ns.clone<uts=true, 'sh', '-c', 'a > b; c < d'>", "ns.clone{uts=true, 'sh', '-c', 'a > b; c < d'}"),
            ("ns.clone<uts=true -- not > here\n>", "ns.clone{uts=true -- not > here\n}"),
            ("ns.clone<uts=true --[[ > ]] >", "ns.clone{uts=true --[[ > ]] }"),
            ("ns.clone<sh=[==[ > ]] ]==]>", "ns.clone{sh=[==[ > ]] ]==]}"),
            ("ns.clone<sh=\"\\\">\">", "ns.clone{sh=\"\\\">\"}"),
            ("ns.clone<sh='\\z\n  > it' , a=1>", "ns.clone{sh='\\z\n  > it' , a=1}"),
            ("ns.clone<>", "ns.clone{}"), ("ns.clone<uts=true; ipc=true>", "ns.clone{uts=true; ipc=true}"),
            ("ns.clone<uts={hostname='x'}, t[1]>", "ns.clone{uts={hostname='x'}, t[1]}"),
            ("ns.clone<a=(x > y), b=f(x >= y, x >> 1)>", "ns.clone{a=(x > y), b=f(x >= y, x >> 1)}"),
            ("ns.clone<a=x >= y, b=x >> 1, c=x <= 1, d=x << 2>", "ns.clone{a=x >= y, b=x >> 1, c=x <= 1, d=x << 2}"),
            ("ns.clone<a=x < y>", "ns.clone{a=x < y}"),
            ("ns.clone<a=ns.open<b=1>, c=2>", "ns.clone{a=ns.open{b=1}, c=2}"),
            ("ns.clone<a=ns.open<b=1>>", "ns.clone{a=ns.open{b=1}}"),
            ("ns.clone<a={ns.open<b=ns.x<c=1>>}>", "ns.clone{a={ns.open{b=ns.x{c=1}}}}"),
            ("ns.clone<function() return a.b<c end, a=1>", nil),
            ("f(ns.clone<a=1, g(ns.clone<b=2>)>)", "f(ns.clone{a=1, g(ns.clone{b=2})})"),
            ("#!/usr/bin/nssh ns.a<b=1>\nns.a<b=1>", "#!/usr/bin/nssh ns.a<b=1>\nns.a{b=1}"),
            ("ns.clone<a=1", nil), ("f(ns.clone<a=1)", nil), ("f(ns.clone<a=1) > 2", nil), ("{ns.a<b=1} >", nil),
            ("a.b<c", nil), ("if a.b<c and d>e then end", nil), ("return a.b < c == true, x > y", nil),
            ("clone<uts=true>", nil), ("p:clone<uts=true>", nil), ("a.b<=c", nil), ("a.b<<c=1>", nil),
            ("a.b<c==1>", nil),
            ("local x <close> = ns.y", nil), ("local x <const>, y <close> = 1, 2", nil),
            ("-- ns.clone<uts=true>", nil), ("'ns.clone<uts=true>'", nil), ("[[ns.clone<uts=true>]]", nil),
            ("--[==[ ns.clone<uts=true> ]] ]==]", nil), ("\"ns.clone<uts=true", nil), ("[[ns.clone<uts=true>", nil),
            ("", nil), ("<", nil), (">", nil), (".<=>", nil), ("a.b<", nil), ("a.b<c", nil), ("a.b<c=", nil),
            (">>", nil), ("#", nil),
        ] as [(String, String?)])
    func rewriting(source: String, result: String?) {
        #expect(rewritten(source) == result)
        if let result { #expect(result.utf8.count == source.utf8.count) }
    }

    private func load(_ source: String) throws -> (LuaState, String) {
        let state = try makeState(binding("id") { _ throws(LuaError) in 1 })
        do throws(LuaError) {
            try state.lua.loadRelaxed(Array(source.utf8), name: "=test")
            try state.lua.call(arguments: 0, results: 1)
            defer { state.lua.pop() }
            return (state, try state.lua.display(-1))
        } catch { return (state, state.text(error)) }
    }

    @Test func loadingTriesBraces() throws {
        #expect(try load("return t.id<uts=true, 7>.uts").1 == "true")
        #expect(try load("local a, b = { b = 1 }, 2 return a.b<b").1 == "true")
        #expect(try load("local x <const> = t.id<n=3> return x.n").1 == "3")
        let (state, error) = try load("return t.id<uts=true> +")
        #expect(error == "test:1: <eof> expected near '='")
        #expect(state.lua.top == 0)
        #expect(try load("x = = 1").1 == "test:1: unexpected symbol near '='")
        #expect(try load("\n\nlocal x = t.id<a=1>\nerror('here')").1 == "test:4: here")
    }

    @Test func aLongUnclosedSourceIsQuick() {
        let source = String(repeating: "a.b<c=(", count: 100_000)
        #expect(rewritten(source) == nil)
    }
}
