import LuaKit
import Testing

@testable import Prompt

/// Variables as values of tables that calls are given, read from the text of a chunk.
@Suite struct GivenTablesTests {
    private func given(_ text: String) -> GivenTables {
        let source = Array(text.utf8)
        return GivenTables(Tokens(AngleBrackets.rewrite(source) ?? source).withoutComments)
    }

    private func paths(_ text: String) -> [String] { given(text).values.map { "\($0.path)=\($0.name)" } }

    @Test(arguments: [
        ("f{a=x}", ["a=x"]), ("f({a=x})", ["a=x"]), ("f(1, {a=x})", ["a=x"]), ("n.f<a=x>", ["a=x"]),
        ("o:m{x, y; z}", ["[1]=x", "[2]=y", "[3]=z"]),
        ("f{ 'a', b = 1, c }", ["[2]=c"]), ("f{a={b={c=x}}}", ["a.b.c=x"]), ("f{a={x}}", ["a[1]=x"]), ("f{{{x}}}", ["[1][1][1]=x"]),
        ("f{['k']=x}", ["['k']=x"]), ("f{[1]={a=x}}", ["[1].a=x"]), ("f{a=(x)}", ["a=x"]), ("f{a=((x)),}", ["a=x"]),
        ("f{a --[[ = 1 ]] = x -- }\n}", ["a=x"]), ("f{a=[[}]], b=x}", ["b=x"]), ("f{a='\\z\n }', b=x}", ["b=x"]),
        ("return f{function() g{b=x} end, c=y}", ["b=x", "c=y"]), ("f{a=g{b=x}}", ["b=x"]),
    ])
    func values(_ text: String, _ expected: [String]) { #expect(paths(text) == expected) }

    @Test(arguments: [
        "f{a=x.y}", "f{a=x[1]}", "f{a=x()}", "f{a=x or 1}", "f{a=not x}", "f{a=-x}", "f{a=x{}}", "f{a=x''}", "f{a=1}", "f{a=true}",
        "f{a=nil}",
        "f{}", "f()", "f(x)", "f{a=...}", "t = {a=x}", "return {x}", "f(x, g({}).a)", "f(({a=x}))", "f{[x]=1}", "f{a=function(x) end}",
        "if x then f() end", "f{a='x'}", "f{'x'}", "a.b = x",
    ])
    func othersAreNone(_ text: String) { #expect(paths(text) == []) }

    @Test func namesOfVariables() {
        let text =
            "local a, b <const> = 1; local function c(d, ...) end; for e, f in g do end; h, i = 1; j.k, l = 2; function m.n(o) end; p{q=r}"
        let given = given(text)
        #expect(given.declared.isSuperset(of: ["a", "b", "d", "e", "f"]))
        #expect(given.assigned.isSuperset(of: ["c", "h", "i", "l", "m"]))
        #expect(!given.assigned.contains("q") && !given.declared.contains("r"))
        #expect(!given.namesEnvironment)
        #expect(self.given("_ENV.x = 1").namesEnvironment)
        #expect(self.given("f(1) g{} h'' i:j() (k)()").calls.count == 6)
    }

    /// Text of any kind is read to its end.
    @Test(arguments: ["f{", "f{a=", "}", ")", "end", "f{a=x", "function", "local", "for", "=", "f{=x}", "f{a==x}", "f({a=x)", "[", ", = ,"])
    func whatIsNoLua(_ text: String) { _ = given(text) }
}
