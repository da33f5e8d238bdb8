import CLinux
import Glibc
import Testing

extension Integration {
    /// The prompt on a real terminal.
    @Suite struct Prompt {
        let leaks = LeakGuard()
        @Test(arguments: Identity.available) func valuesAreShown(_ identity: Identity) {
            let running = Running.prompt(identity)
            #expect(running.enter("1 + 1") == "2\r\n")
            #expect(running.enter("x = 5") == "")
            #expect(running.enter("x, 'a', nil") == "5\t\"a\"\tnil\r\n")
            #expect(running.enter("{ 1, 2, k = 'v' }") == "{ 1, 2, k = \"v\" }\r\n")
            #expect(running.enter("local y = 3") == "")
            #expect(running.enter("") == "")
            #expect(running.enter("print('said')") == "said\r\n")
            running.leave()
        }

        /// Who has no home directory shall not get one.
        @Test func noHomeIsMade() {
            let home = "\(Place.directory)/none"
            let running = Running.prompt(environment: ["HOME": home])
            #expect(running.enter("1") == "1\r\n")
            running.leave()
            #expect(access(home, F_OK) != 0)
        }

        @Test func linesAreAskedForUntilTheChunkIsWhole() {
            let running = Running.prompt()
            #expect(running.enter("function f(a)", until: "   >> ") == "")
            running.enter("return a * 2", until: "   >> ")
            #expect(running.enter("end") == "")
            #expect(running.enter("f(21)") == "42\r\n")
            running.enter("s = [[one", until: "   >> ")
            running.enter("two]]")
            #expect(running.enter("s") == "\"one\\ntwo\"\r\n")
            running.leave()
        }

        @Test func errorsAreShownAndThePromptGoesOn() {
            let running = Running.prompt()
            #expect(running.enter("x = = 1").contains("unexpected symbol near '='"))
            let text = running.enter("error('mine')")
            #expect(text.contains("stdin:1: mine"))
            #expect(running.enter("ns.clone{ utz = true }").contains("did you mean 'uts'?"))
            #expect(running.enter("ns.run{ '/no/such' }").contains("execve(/no/such): No such file or directory"))
            #expect(running.enter("7") == "7\r\n")
            running.leave()
        }

        /// They may be another process's words.
        @Test(arguments: Identity.available) func errorsAreEscaped(_ identity: Identity) {
            let running = Running.prompt(identity)
            running.enter(#"bad = 'a\27]2;x\7\u{9b}\u{202e}\127\nb\tc'"#)
            running.enter("box = ns.clone{}")
            running.enter(":in box", until: "box> ")
            running.enter(":out")
            for line in [
                "error(bad, 0)", "error({ message = bad })", "ns.call({}, function() error(bad, 0) end)",
                "ns.call({}, function() error({ message = bad }) end)", ":in error(bad, 0)", ":both error(bad, 0)",
                "ns.run{ env = { BAD = bad:match('^[^\\n]*') }, sh = 'printf %s \"$BAD\" >&2; exit 3' }:check()", "ns.run{ '/no/' .. bad }",
            ] {
                let said = running.enter(line)
                #expect(said.contains(#"a\x1b]2;x\x07\u{9b}\u{202e}\x7f"#), "\(line): \(said)")
                #expect(!said.unicodeScalars.contains { "\u{1b}\u{9b}\u{202e}\u{7f}".unicodeScalars.contains($0) }, "\(line): \(said)")
            }
            let prompt = running.enter("_PROMPT = function() _PROMPT = nil; error(bad, 0) end", until: "\n> ")
            #expect(prompt.contains(#"a\x1b]2;x\x07\u{9b}\u{202e}\x7f"#), "\(prompt)")
            running.enter("1")
            running.leave()
        }

        @Test(arguments: Identity.available) func theArticlesSpellingWorks(_ identity: Identity) {
            let running = Running.prompt(identity)
            #expect(running.enter("p = ns.clone<user=true, uts=true>") == "")
            #expect(running.enter("ns.same(p, 'self', 'uts')") == "false\r\n")
            #expect(running.enter("p").hasPrefix("process "))
            running.leave()
        }

        @Test(arguments: [
            "while true do end", "while true do pcall(function() while true do end end) end", "ns.run{ 'sleep', '60' }", "sys.sleep(60)",
            "ns.call({}, sys.sleep, 60)", "ns.run{ sh = \"trap '' INT; sleep 60\" }",
        ])
        func interruptsStopTheCodeOnly(_ chunk: String) {
            let running = Running.prompt()
            running.enter("x = 1")
            let from = running.stdout.count
            running.type("print('o' .. 'n') io.flush() \(chunk)\r")
            let on = running.expect("on\r\n", from: from)
            let sent = now()
            running.type("\u{3}")
            running.expect(Running.sign, from: on)
            #expect(now() - sent < 1)
            #expect(String(decoding: running.stdout[on...], as: UTF8.self).contains("interrupted"))
            #expect(running.enter("x") == "1\r\n")
            running.leave()
        }

        @Test func anInterruptClearsAHalfTypedLine() {
            let running = Running.prompt()
            var from = running.stdout.count
            running.type("error('never run'")
            running.expect("never run'", from: from)
            from = running.stdout.count
            running.type("\u{3}")
            running.expect(Running.sign, from: from)
            #expect(running.enter("8") == "8\r\n")
            // And what came before of a chunk of several lines.
            running.enter("x = {", until: "   >> ")
            from = running.stdout.count
            running.type("\u{3}")
            running.expect(Running.sign, from: from)
            #expect(running.enter("9") == "9\r\n")
            running.leave()
        }

        @Test(arguments: [SIGTERM, SIGHUP]) func aFatalSignalEndsIt(_ signal: Int32) {
            let running = Running.prompt()
            running.enter("p = ns.clone{ 'sleep', '60' }")
            running.kill(signal)
            #expect(running.end(timeout: 5).signal == signal)
        }

        /// Lua's hooks do not reach into C.
        @Test func codeThatDoesNotListenIsEndedByTheSecond() {
            let running = Running.prompt()
            let from = running.stdout.count
            running.type("print('o' .. 'n') io.flush(); ('x'):rep(1e6):find(('x?'):rep(30) .. ('x'):rep(30) .. 'y')\r")
            running.expect("on\r\n", from: from)
            // It is in C by then: that shows in the time it takes.
            #expect(eventually { (ProcessEntry.ticks(running.pid) ?? 0) > 5 })
            // Two at once are one. Only one that comes a second later ends it; it is sent until then.
            let sent = now()
            running.kill(SIGTERM)
            #expect(
                eventually {
                    running.kill(SIGTERM)
                    return ProcessEntry.isDead(running.pid)
                })
            #expect(now() - sent >= 1)
            #expect(running.end(timeout: 5).signal == SIGTERM)
        }

        @Test func exitCodesAreTheScripts() {
            let running = Running.prompt()
            running.type("os.exit(6)\r")
            #expect(running.end(timeout: 5).status == 6)
        }

        @Test(arguments: Identity.available) func theHistoryIsKept(_ identity: Identity) {
            let state = "\(Place.directory)/state"
            mkdir(state, 0o777)
            chmod(state, 0o777)
            defer { Place.remove(state) }
            var running = Running.prompt(identity, environment: ["XDG_STATE_HOME": state])
            running.enter("first = 1")
            running.enter("second = 2")
            // Written line by line, so that it is there however nssh ends.
            let lines = Place.text("\(state)/nssh/history").split(separator: "\n")
            #expect(lines.filter { !$0.hasPrefix("#") } == ["first = 1", "second = 2"])
            running.kill(SIGKILL)
            #expect(running.end().signal == SIGKILL)
            var info = stat()
            #expect(stat("\(state)/nssh/history", &info) == 0 && info.st_mode & 0o777 == 0o600)
            running = Running.prompt(identity, environment: ["XDG_STATE_HOME": state])
            let from = running.stdout.count
            running.type("\u{10}\u{10}\r") // ^P ^P
            running.expect("first = 1", from: from)
            running.expect(Running.sign, from: running.expect("\n", from: from))
            #expect(running.enter("first") == "1\r\n")
            running.leave()
        }

        @Test func withoutATerminalThereAreNoEscapes() {
            let result = run("-i", stdin: .data(Array("1 + 1\nx = {\n1}\n#x\nerror('e')\n".utf8)), environment: ["TERM": "xterm-256color"])
            #expect(result.status == 0)
            #expect(!result.bytes.contains(0x1b))
            #expect(!result.errorBytes.contains(0x1b))
            #expect(result.stdout.contains("2\n"))
            let script = sh("\"$NSSH\" -e 'print(ns.types()[1].name) error(1)' 2>&1 | cat", environment: ["TERM": "xterm-256color"])
            #expect(!script.bytes.contains(0x1b))
        }
    }
}
