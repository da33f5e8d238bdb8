import CLinux
import Glibc
import Testing

extension Integration {
    /// What the prompt keeps from one line to the next, and its commands.
    @Suite struct PromptSession {
        let leaks = LeakGuard()

        @Test func localsLiveOn() {
            let running = Running.prompt()
            running.enter("local x, y <const> = 5, 'why'")
            #expect(running.enter("x, y") == "5\t\"why\"\r\n")
            running.enter("x = x + 1")
            #expect(running.enter("x, _G.x") == "6\tnil\r\n")
            running.enter("local function f(n) return n * x end")
            #expect(running.enter("f(7)") == "42\r\n")
            // An inner block's is its own, and so is that of several lines.
            running.enter("do local x = 100 end")
            running.enter("local z = 1; for i = 1, 2 do local inner = i; z = z + inner end")
            #expect(running.enter("x, z, inner") == "6\t4\tnil\r\n")
            running.enter("local w = 1 do", until: "   >> ")
            running.enter("w = 2 end")
            #expect(running.enter("w") == "nil\r\n")
            running.leave()
        }

        @Test(arguments: Identity.available) func whatIsToBeClosedIsClosedInTime(_ identity: Identity) {
            let running = Running.prompt(identity)
            running.enter("local c <close> = setmetatable({}, { __close = function() print('closed') end })")
            #expect(running.enter("type(c)") == "\"table\"\r\n")
            #expect(running.enter("local c <close> = setmetatable({}, { __close = function() print('second') end })") == "closed\r\n")
            #expect(running.enter("c = nil") == "second\r\n")
            running.enter("local box <close> = ns.clone{ user = 'root', uts = 'box' }")
            running.enter("p = box")
            #expect(running.enter("p:alive()") == "true\r\n")
            running.enter(":close box")
            #expect(running.enter("p:alive(), box") == "false\tnil\r\n")
            #expect(running.enter("local n <close> = 42").contains("non-closable"))
            // What was declared last may need what was declared before it.
            for name in ["outer", "inner"] {
                running.enter("local \(name) <close> = setmetatable({}, { __close = function() print('\(name)') end })")
            }
            #expect(running.enter(":close") == "inner\r\nouter\r\n")
            running.enter("local d <close> = setmetatable({}, { __close = function() print('at the end') end })")
            running.type("\u{4}")
            running.expect("at the end\r\n")
            #expect(running.end(timeout: 10).status == 0)
        }

        @Test func attributesMeanWhatTheyMeanInLua() {
            let running = Running.prompt()
            #expect(running.enter("local z <cloze> = 1").contains("unknown attribute 'cloze'"))
            #expect(running.enter("local k <const> = 1; k = 2").contains("attempt to assign to const variable 'k'"))
            #expect(running.enter("local c <close> = nil; c = 2").contains("attempt to assign to const variable 'c'"))
            // What prompts assign to is declared anew.
            running.enter("local k <const> = 1")
            running.enter("k = 2")
            #expect(running.enter("z, k") == "nil\t2\r\n")
            running.enter("local d <close> = setmetatable({}, { __close = function() error('no end') end })")
            let failed = running.enter("d = nil")
            #expect(failed.contains("no end") && !failed.contains("prompt."), "\(failed)")
            running.leave()
        }

        @Test func anExpressionGoesOnToo() {
            let running = Running.prompt()
            running.enter("{ 1,", until: "   >> ")
            #expect(running.enter("2 }") == "{ 1, 2 }\r\n")
            running.enter("1 +", until: "   >> ")
            #expect(running.enter("2") == "3\r\n")
            #expect(running.enter("x = 'open").contains("unfinished string"))
            running.enter("'a\\z", until: "   >> ")
            #expect(running.enter("b'") == "\"ab\"\r\n")
            #expect(running.enter("1 + * 2").contains("near '*'\r\n  1 + * 2\r\n      ^\r\n"))
            running.leave()
        }

        @Test func lastValuesHaveNames() {
            let running = Running.prompt()
            running.enter("6 * 7")
            #expect(running.enter("_ + 1") == "43\r\n")
            #expect(running.enter("_1, _") == "42\t43\r\n")
            running.enter("x = 1")
            #expect(running.enter("_") == "42\r\n")
            running.leave()
        }

        @Test func theKernelCallsOfTheLastInputAreShown() {
            let running = Running.prompt()
            running.enter("ns.run{ user = 'root', uts = 'box', 'true' }")
            let plan = running.enter(":plan")
            #expect(plan.contains("clone3(NEWUTS|NEWUSER) = ") && plan.contains("sethostname(\"box\") = 0"))
            running.enter("1")
            #expect(running.enter(":plan") == "no calls about namespaces\r\n")
            running.leave()
        }

        @Test func whatWorkedIsSavedAsAScriptThatRuns() {
            let file = "\(Place.directory)/saved.lua"
            defer { unlink(file) }
            let running = Running.prompt()
            running.enter("local box <close> = ns.clone{ user = 'root', uts = 'box' }")
            running.enter("nosuch()")
            running.enter("1 + 1")
            running.enter(":in box", until: "box> ")
            running.enter("sys.hostname()", until: "box> ")
            running.enter("local name = sys.hostname()", until: "box> ")
            running.enter(":out")
            running.enter("name .. '!'")
            running.enter("!echo from the shell")
            #expect(running.enter(":save \(file)").contains("saved"))
            #expect(running.enter(":save \(file)").contains("File exists"))
            running.enter("nothing = 1")
            #expect(running.enter(":load \(file)") == "2\r\nbox\r\nbox!\r\nfrom the shell\r\n")
            #expect(running.enter(":reload") == "2\r\nbox\r\nbox!\r\nfrom the shell\r\n")
            running.leave()
            let result = run(file)
            #expect(result.status == 0 && result.stdout == "2\nbox\nbox!\nfrom the shell\n", "\(result)")
        }

        /// Comments, `return`, several lines, and what was done in a place.
        @Test func whatIsSavedMeansTheSame() {
            let file = "\(Place.directory)/meaning.lua"
            let loaded = "\(Place.directory)/loaded.lua"
            Place.write(loaded, Array("five = 5".utf8))
            defer { for path in [file, loaded] { unlink(path) } }
            let running = Running.prompt()
            running.enter(":load \(loaded)")
            running.enter("five -- of the file")
            running.enter("x = 'outer'")
            running.enter("do local x = 'inner' end local x = 'mine' do", until: "   >> ")
            running.enter("end")
            running.enter("x")
            running.enter("local box <close> = ns.clone{ user = 'root', uts = 'box' }")
            running.enter(":in box", until: "box> ")
            running.enter("name = sys.hostname() -- there", until: "box> ")
            running.enter("!hostname", until: "box> ")
            running.enter(":out")
            running.enter("return name")
            running.enter("name .. '!'")
            #expect(running.enter(":save \(file)").contains("saved"))
            running.leave()
            let result = run(file)
            #expect(result.status == 0 && result.stdout == "5\nouter\nbox\nbox\nbox!\n", "\(result)")
        }

        @Test func commandsSayWhatIsWrong() {
            let running = Running.prompt()
            #expect(running.enter(":hlep").contains("did you mean 'help'?"))
            #expect(running.enter(":both 1").contains(":in box"))
            #expect(running.enter(":load /no/such").contains("No such file"))
            #expect(running.enter(":out").contains("not in another place"))
            #expect(running.enter(":help").contains(":quit"))
            #expect(running.enter("?ns.inode").contains("ns.inode("))
            #expect(running.enter("?").contains("To begin with"))
            #expect(running.enter(":demo").contains("demo_uts.lua"))
            #expect(running.enter(":time 1 + 1").contains("ms)"))
            running.enter("goto done ::done::")
            running.type(":quit\r")
            #expect(running.end(timeout: 10).status == 0)
        }

        @Test func shellCommandsRunInTheTerminal() {
            let running = Running.prompt()
            let before = Modes(running)
            #expect(running.enter("!test -t 0 && test -t 1 && echo on").contains("on\r\n"))
            #expect(running.enter("!exit 3").contains("exited with 3"))
            #expect(running.enter("!!").contains("exited with 3"))
            running.enter("!stty -echo -icanon -isig")
            #expect(eventually { Modes(running) == before })
            running.leave()
        }

        @Test(arguments: Identity.available) func aStoppedProgramWaitsForItsTurn(_ identity: Identity) {
            let running = Running.prompt(identity)
            let before = Modes(running)
            var from = running.stdout.count
            running.type("!echo run-$((1 + 1)); exec sleep 60\r")
            running.expect("run-2\r\n", from: from)
            #expect(eventually { tcgetpgrp(running.output) != running.pid })
            from = running.stdout.count
            running.type("\u{1a}")
            running.expect("_:fg() lets it go on\r\n\(Running.sign)", from: from)
            #expect(eventually { Modes(running) == before })
            #expect(running.enter("1 + 1") == "2\r\n")
            from = running.stdout.count
            running.type("_1:fg()\r")
            #expect(eventually { tcgetpgrp(running.output) != running.pid })
            running.type("\u{3}")
            running.expect("was killed by SIGINT", from: from)
            running.expect(Running.sign, from: from)
            running.leave()
        }

        @Test func aStoppedProgramGetsItsModesBack() {
            let running = Running.prompt()
            let before = Modes(running)
            var from = running.stdout.count
            running.type("!stty -echo; kill -STOP $$; stty -a; echo the-$((1 + 1))nd\r")
            running.expect("_:fg() lets it go on\r\n\(Running.sign)", from: from)
            #expect(eventually { Modes(running) == before })
            from = running.stdout.count
            running.type("_:fg()\r")
            running.expect(" -echo ", from: from)
            running.expect("the-2nd", from: from)
            running.expect(Running.sign, from: running.expect("the-2nd", from: from))
            #expect(eventually { Modes(running) == before })
            running.leave()
        }

        @Test func aStoppedProgramEndsWithNssh() {
            let running = Running.prompt()
            let from = running.stdout.count
            running.type("!sleep 60\r")
            // Not before it runs: sh stands still in vfork(2) when its child is stopped before exec, and cannot stop itself.
            #expect(eventually { tcgetpgrp(running.output) != running.pid && running.leftovers.contains { $0.name == "sleep" } })
            running.type("\u{1a}")
            running.expect("lets it go on", from: from)
            running.expect(Running.sign, from: from)
            running.leave()
        }

        @Test func errorsPointAtTheirPlace() {
            let running = Running.prompt()
            #expect(running.enter("local a = prnt(1)").contains("did you mean 'print'?\r\n  local a = prnt(1)\r\n            ^^^^\r\n"))
            #expect(running.enter("ns.clon{}").contains("did you mean 'clone'?\r\n  ns.clon{}\r\n     ^^^^\r\n"))
            #expect(running.enter("x = = 1").contains("  x = = 1\r\n      ^\r\n"))
            #expect(running.enter("ns.clone{ utz = true }").contains("  ns.clone{ utz = true }\r\n            ^^^\r\n"))
            #expect(!running.enter("nosuch()").contains("traceback"))
            running.enter("function f() error('deep') end")
            #expect(running.enter("f() f()").contains("in global 'f'"))
            running.leave()
        }

        @Test func anErrorOfAFunctionElsewhereIsTold() {
            let running = Running.prompt()
            let there = "stack traceback in the function's process:\r\n\t[C]: in global 'error'\r\n\tstdin:1: in function <stdin:1>\r\n"
            let shown = running.enter("ns.call({}, function() error('deep') end)")
            #expect(shown.contains("stdin:1: deep\r\n\(there)"))
            // Of nssh's own frames there is nothing to tell.
            #expect(!shown.contains("stack traceback:"))
            #expect(!running.enter("ns.call({}, error, 'flat')").contains("traceback"))
            #expect(running.enter("r = ns.run{function() error('deep') end} r:check()").contains("stdin:1: deep\r\n\(there)"))
            let result = running.enter("r")
            #expect(result.contains("exited with 1 after") && result.contains("\r\nerror: stdin:1: deep\r\n"))
            running.enter("box = ns.clone{user = 'root'}")
            running.enter(":in box", until: "box> ")
            #expect(!running.enter("error('flat')", until: "box> ").contains("traceback"))
            #expect(running.enter("(function() error('deep') end)()", until: "box> ").contains("stdin:1: deep\r\n\(there)"))
            running.enter(":out")
            running.leave()
        }

        @Test func theStartupFileAndThePromptAreTheUsers() {
            let config = "\(Place.directory)/config"
            mkdir(config, 0o755)
            mkdir("\(config)/nssh", 0o755)
            defer { Place.remove(config) }
            Place.write("\(config)/nssh/init.lua", Array("greeting = 'from init'\n".utf8))
            let running = Running.prompt(environment: ["XDG_CONFIG_HOME": config])
            #expect(running.enter("greeting") == "\"from init\"\r\n")
            running.enter("_PROMPT = 'mine: '", until: "mine: ")
            running.enter("n = 0; function _PROMPT() n = n + 1; return n .. ' ok ' end", until: "1 ok ")
            #expect(running.enter("1", until: "2 ok ") == "1\r\n")
            running.leave()
            // Colours have no width: the cursor goes home to where the line begins.
            let coloured = Running.prompt(environment: ["TERM": "xterm"])
            coloured.type("_PROMPT = '\\27[31mred> \\27[0m'\r")
            let begun = coloured.expect("red> \u{1b}[0m")
            coloured.type("abc\u{1}")
            let typed = coloured.expect("abc\u{8}\u{8}\u{8}", from: begun)
            coloured.type("\u{3}")
            coloured.expect("red> ", from: typed)
            coloured.type("\u{4}")
            #expect(coloured.end(timeout: 10).status == 0)
            let other = Running.prompt(Identity.available[0], ["-E"], environment: ["XDG_CONFIG_HOME": config])
            #expect(other.enter("greeting") == "nil\r\n")
            other.leave()
        }

        @Test(arguments: [SIGTERM, SIGHUP]) func aPromptThatDoesNotEndIsEndedByASignal(_ signal: Int32) {
            let running = Running.prompt()
            running.type("function _PROMPT() io.write('busy') io.flush() while true do end end\r")
            running.expect("busy", from: running.expect("end end\r\n"))
            running.kill(signal)
            #expect(running.end(timeout: 10).signal == signal)
        }

        @Test func nothingIsLeftBelowALineThatWasCleared() {
            let running = Running.prompt(environment: ["TERM": "xterm"])
            // Bracketed paste is on.
            running.expect("\u{1b}[?2004h")
            running.type("\u{1b}[200~first = 1\nsecond = 2\nthird = 3\u{1b}[201~")
            running.expect("third = 3")
            // To the first of three lines, and ^C: the prompt comes below the third.
            running.type("\u{1}")
            let from = running.expect("\u{1b}[A\u{1b}[A")
            running.type("\u{3}")
            let end = running.expect("^C", from: from)
            #expect(String(decoding: running.stdout[from..<end], as: UTF8.self).contains("third = 3"))
            running.expect(Running.sign, from: end)
            running.type("\u{4}")
            #expect(running.end(timeout: 10).status == 0)
        }

        @Test func theHintIsClearedWhereItIs() {
            let running = Running.prompt(environment: ["TERM": "xterm"])
            running.type("\u{1b}[200~first = 1\nsecond = ns.clone{\u{1b}[201~")
            let from = running.expect("\u{1b}8", from: running.expect("\u{1b}[22m"))
            running.type("\u{1}")
            let end = running.expect("\u{1b}[A", from: from)
            #expect(String(decoding: running.stdout[from..<end], as: UTF8.self).contains("\u{1b}[B\r\u{1b}[K\u{1b}8"))
            running.type("\u{3}")
            running.expect(Running.sign, from: running.expect("^C", from: end))
            running.type("\u{4}")
            #expect(running.end(timeout: 10).status == 0)
        }

        @Test func historyHasNoDuplicates() {
            let running = Running.prompt()
            for line in ["a = 1", "b = 2", "a = 1"] { running.enter(line) }
            #expect(running.enter(":history") == "b = 2\r\na = 1\r\n:history\r\n")
            running.leave()
        }

        @Test func theSignatureShowsWhileArgumentsAreTyped() {
            let running = Running.prompt(environment: ["TERM": "xterm"])
            var from = running.stdout.count
            running.type("ns.clone{")
            running.expect("ns.clone([options])", from: from)
            from = running.stdout.count
            running.type("uts=")
            running.expect("uts: new uts namespace", from: from)
            // It is gone with the line, and the terminal goes on below it.
            from = running.stdout.count
            running.type("\u{3}")
            let cleared = running.expect("\u{1b}[J", from: running.expect("^C", from: from))
            running.expect(Running.sign, from: cleared)
            #expect(!String(decoding: running.stdout[cleared...], as: UTF8.self).contains("ns.clone"))
            running.type("\u{4}")
            #expect(running.end(timeout: 10).status == 0)
            let plain = Running.prompt()
            plain.type("ns.clone{uts=true}:close()\r")
            plain.expect(Running.sign, from: plain.expect("\n", from: plain.stdout.count))
            #expect(!plain.stdout.contains(0x1b))
            plain.leave()
        }

        @Test func aPastedBlockIsOneChunk() {
            let running = Running.prompt(environment: ["TERM": "xterm"])
            let from = running.stdout.count
            running.type("\u{1b}[200~local a = 20\nlocal b = a + 1\nprint('sum', a + b)\u{1b}[201~\r")
            running.expect("sum\t41", from: from)
            running.expect(Running.sign, from: running.expect("sum\t41", from: from))
            let after = running.stdout.count
            running.type("print('left', a)\r")
            running.expect(Running.sign, from: running.expect("left\tnil", from: after))
            running.type("\u{4}")
            #expect(running.end(timeout: 10).status == 0)
        }
    }
}
