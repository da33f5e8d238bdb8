import Testing

extension Integration {
    /// Variables that do not exist, in the tables that functions of nssh are given at the prompt.
    @Suite struct PromptUndefined {
        let leaks = LeakGuard()

        @Test(arguments: Identity.available) func isRefusedBeforeAnythingRuns(_ identity: Identity) {
            let running = Running.prompt(identity)
            let ran = "print('r' .. 'an') "
            for (line, what) in [
                ("ns.run{net=ture, 'true'}", "ns.run: net is 'ture', and no variable is called that; did you mean true?\r\n"),
                ("ns.run({net=ture, 'true'})", "ns.run: net is 'ture'"), ("ns.run{mnt={proc=tru}, 'true'}", "ns.run: mnt.proc is 'tru'"),
                ("ns.run{user=root, 'id'}", "did you mean \"root\", in quotation marks?"),
                ("ns.run{hostname}", "[1] is 'hostname', and no variable is called that; a text stands in quotation marks: \"hostname\""),
                ("ns.clone<uts=ture>", "ns.clone: uts is 'ture'"), ("ns.shell{uts=ture}", "ns.shell: uts is 'ture'"),
                ("ns.call({uts=ture}, print)", "ns.call: uts is 'ture'"), ("ns.plan{uts=ture}", "ns.plan: uts is 'ture'"),
                ("ns.unshare{uts=ture}", "ns.unshare: uts is 'ture'"), ("local r = ns.run{uts=ture, 'true'}", "ns.run: uts is 'ture'"),
                ("ns.call({}, function() ns.run{uts=ture, 'true'} end)", "ns.run: uts is 'ture'"),
            ] {
                let shown = running.enter(ran + line)
                #expect(shown.contains(what), "\(line): \(shown)")
                #expect(!shown.contains("ran\r"), "\(line): \(shown)")
            }
            // With a mark under it.
            #expect(running.enter("ns.run{net=ture}").hasSuffix("  ns.run{net=ture}\r\n             ^^^^\r\n"))
            running.enter("f = ns.run")
            #expect(running.enter("f{net=ture, 'true'}").contains("ns.run: net is 'ture'"))
            #expect(running.enter(":time ns.run{net=ture, 'true'}").contains("ns.run: net is 'ture'"))
            #expect(running.enter(":in ns.clone{net=ture}").contains("ns.clone: net is 'ture'"))
            running.leave()
        }

        @Test(arguments: Identity.available) func ofMethodsToo(_ identity: Identity) {
            let running = Running.prompt(identity)
            running.enter("local p <close> = ns.clone{}")
            #expect(running.enter("p:run{'echo', nothing}").contains("process:run: [2] is 'nothing'"))
            #expect(running.enter("p:run{env={A=nothing}, 'true'}").contains("process:run: env.A is 'nothing'"))
            #expect(running.enter("p:shell{cwd=nothing}").contains("process:shell: cwd is 'nothing'"))
            // What a function gets may be nil.
            #expect(!running.enter("p:call(print, {a=nothing})").contains("is 'nothing'"))
            #expect(!running.enter("ns.call({}, print, {a=nothing})").contains("is 'nothing'"))
            running.leave()
        }

        /// What may be defined by the time it is read is left alone.
        @Test(arguments: Identity.available) func whatMayExistIsNoFalseAlarm(_ identity: Identity) {
            let running = Running.prompt(identity)
            running.enter("function r(options) return options end")
            running.enter("empty = os.getenv('NSSH_NOTHING')")
            running.enter("local gone")
            running.enter("t = {}")
            running.enter("function define() made = 'made' end")
            for line in [
                "ns.run{'true', env={A=empty}}.ok", "ns.run{'true', env={A=gone}}.ok", "ns.run{'true', env={A=t.a}}.ok",
                "ns.run{'true', env={A=nosuch or 'x'}}.ok", "local x; return ns.run{'true', env={A=x}}.ok",
                "(function(x) return ns.run{'true', env={A=x}}.ok end)()", "x1 = nil; return ns.run{'true', env={A=x1}}.ok",
                "_G.x2 = '2'; return ns.run{'true', env={A=x2}}.ok", "define() return ns.run{'true', env={A=made2}}.ok",
                "for x3 = 1, 1 do return ns.run{'true', env={A=x3}}.ok end", "ns.run(r{'true', env={A=nosuch}}).ok",
                "ns.run{'true', env={A=_VERSION}}.ok", "(nosuch and ns.run{uts=nosuch} or ns.run{'true'}).ok",
                "load('loaded = 1')() return ns.run{'true', env={A=loaded}}.ok",
            ] {
                let shown = running.enter(line)
                #expect(shown == "true\r\n", "\(line): \(shown)")
            }
            // In a function that is called later.
            #expect(running.enter("function later() return ns.run{'true', env={A=named}}.ok end") == "")
            #expect(running.enter("later()") == "true\r\n")
            #expect(running.enter("if nosuch then ns.run{uts=nosuch} end") == "")
            // Others' methods, and others' tables of globals.
            #expect(running.enter("({run = function(_, o) return #o end}):run{1, nosuch}") == "1\r\n")
            #expect(running.enter("do setmetatable(_G, {__index = function(_, n) if n == 'magic' then return 'm' end end}) end") == "")
            #expect(running.enter("ns.run{'true', env={A=magic}}.ok") == "true\r\n")
            running.leave()
        }

        @Test(arguments: Identity.available) func strictAtThePrompt(_ identity: Identity) {
            let running = Running.prompt(identity, ["--strict"])
            #expect(running.enter("ture").contains("stdin:1: undefined global 'ture'; did you mean 'true'?\r\n  ture\r\n  ^^^^\r\n"))
            // Locals, and what was assigned to, are there, whatever they are.
            running.enter("local x")
            #expect(running.enter("x") == "nil\r\n")
            running.enter("a = nil")
            #expect(running.enter("a") == "nil\r\n")
            #expect(running.enter("rawget(_G, 'ture')") == "nil\r\n")
            running.enter("function f() return nowhere end")
            #expect(running.enter("f()").contains("stdin:1: undefined global 'nowhere'"))
            running.enter("print = nil")
            #expect(running.enter("print") == "nil\r\n")
            #expect(running.enter("#ns.types()") == "8\r\n")
            #expect(running.enter("ns.run{net=ture, 'true'}").contains("ns.run: net is 'ture'"))
            running.enter("local box <close> = ns.clone{}")
            running.type(":in box\r")
            running.expect("box> ")
            let there = running.enter("ture", until: "box> ")
            #expect(there.hasPrefix("stdin:1: undefined global 'ture'"), "\(there)")
            running.enter("b = nil", until: "box> ")
            #expect(running.enter("b, x", until: "box> ") == "nil\tnil\r\n")
            running.enter(":out")
            #expect(running.enter("b") == "nil\r\n")
            running.leave()
        }
    }
}
