import CLinux
import Glibc
import Testing

extension Integration {
    /// The prompt on a real terminal.
    @Suite struct Prompt {
        let leaks = LeakGuard()
        static let sign = "nssh> "

        /// The prompt, up and waiting.
        private func start(_ identity: Identity = Identity.available[0], _ arguments: [String] = [], environment: [String: String?] = [:])
            -> Running
        {
            var environment = environment
            // Without bracketed paste and colours, what is drawn is what is said.
            environment["INPUTRC"] = "/dev/null"
            environment["TERM"] = "dumb"
            environment["XDG_STATE_HOME"] = environment["XDG_STATE_HOME"] ?? "relative/is/ignored"
            environment["HOME"] = environment["HOME"] ?? "/dev/null"
            let running = Running(Start(arguments: arguments, identity: identity, input: .terminal, environment: environment))
            running.expect(Prompt.sign)
            return running
        }

        /// Types a line and waits for the next prompt; what came between.
        @discardableResult
        private func enter(_ line: String, _ running: Running, until sign: String = sign, sourceLocation: SourceLocation = #_sourceLocation)
            -> String
        {
            let from = running.stdout.count
            running.type(line + "\r")
            // The echo of the line first: the next prompt is only after it.
            let echoed = running.expect("\n", from: from, sourceLocation: sourceLocation)
            let end = running.expect(sign, from: echoed, sourceLocation: sourceLocation)
            return String(decoding: running.stdout[echoed..<max(echoed, end - sign.utf8.count)], as: UTF8.self)
        }

        private func leave(_ running: Running, sourceLocation: SourceLocation = #_sourceLocation) {
            running.type("\u{4}")
            let result = running.end(timeout: 10, sourceLocation: sourceLocation)
            #expect(result.status == 0, sourceLocation: sourceLocation)
        }

        @Test(arguments: Identity.available) func valuesAreShown(_ identity: Identity) {
            let running = start(identity)
            #expect(enter("1 + 1", running) == "2\r\n")
            #expect(enter("x = 5", running) == "")
            #expect(enter("x, 'a', nil", running) == "5\t\"a\"\tnil\r\n")
            #expect(enter("{ 1, 2, k = 'v' }", running) == "{ 1, 2, k = \"v\" }\r\n")
            #expect(enter("local y = 3", running) == "")
            #expect(enter("", running) == "")
            #expect(enter("print('said')", running) == "said\r\n")
            leave(running)
        }

        /// Who has no home directory shall not get one.
        @Test func noHomeIsMade() {
            let home = "\(Place.directory)/none"
            let running = start(environment: ["HOME": home])
            #expect(enter("1", running) == "1\r\n")
            leave(running)
            #expect(access(home, F_OK) != 0)
        }

        @Test func linesAreAskedForUntilTheChunkIsWhole() {
            let running = start()
            #expect(enter("function f(a)", running, until: "   >> ") == "")
            enter("return a * 2", running, until: "   >> ")
            #expect(enter("end", running) == "")
            #expect(enter("f(21)", running) == "42\r\n")
            enter("s = [[one", running, until: "   >> ")
            enter("two]]", running)
            #expect(enter("s", running) == "\"one\\ntwo\"\r\n")
            leave(running)
        }

        @Test func errorsAreShownAndThePromptGoesOn() {
            let running = start()
            #expect(enter("x = = 1", running).contains("unexpected symbol near '='"))
            let text = enter("error('mine')", running)
            #expect(text.contains("stdin:1: mine"))
            #expect(text.contains("stack traceback:"))
            #expect(enter("ns.clone{ utz = true }", running).contains("did you mean 'uts'?"))
            #expect(enter("ns.run{ '/no/such' }", running).contains("execve(/no/such): No such file or directory"))
            #expect(enter("7", running) == "7\r\n")
            leave(running)
        }

        @Test(arguments: Identity.available) func theArticlesSpellingWorks(_ identity: Identity) {
            let running = start(identity)
            #expect(enter("p = ns.clone<user=true, uts=true>", running) == "")
            #expect(enter("ns.same(p, 'self', 'uts')", running) == "false\r\n")
            #expect(enter("p", running).hasPrefix("process "))
            leave(running)
        }

        @Test(arguments: [
            "while true do end", "while true do pcall(function() while true do end end) end", "ns.run{ 'sleep', '60' }", "sys.sleep(60)",
            "ns.call({}, sys.sleep, 60)", "ns.run{ sh = \"trap '' INT; sleep 60\" }",
        ])
        func interruptsStopTheCodeOnly(_ chunk: String) {
            let running = start()
            enter("x = 1", running)
            let from = running.stdout.count
            running.type("print('o' .. 'n') io.flush() \(chunk)\r")
            let on = running.expect("on\r\n", from: from)
            let sent = now()
            running.type("\u{3}")
            running.expect(Prompt.sign, from: on)
            #expect(now() - sent < 1)
            #expect(String(decoding: running.stdout[on...], as: UTF8.self).contains("interrupted"))
            #expect(enter("x", running) == "1\r\n")
            leave(running)
        }

        @Test func anInterruptClearsAHalfTypedLine() {
            let running = start()
            var from = running.stdout.count
            running.type("error('never run'")
            running.expect("never run'", from: from)
            from = running.stdout.count
            running.type("\u{3}")
            running.expect(Prompt.sign, from: from)
            #expect(enter("8", running) == "8\r\n")
            // And what came before of a chunk of several lines.
            enter("x = {", running, until: "   >> ")
            from = running.stdout.count
            running.type("\u{3}")
            running.expect(Prompt.sign, from: from)
            #expect(enter("9", running) == "9\r\n")
            leave(running)
        }

        @Test(arguments: [SIGTERM, SIGHUP]) func aFatalSignalEndsIt(_ signal: Int32) {
            let running = start()
            enter("p = ns.clone{ 'sleep', '60' }", running)
            running.kill(signal)
            #expect(running.end(timeout: 5).signal == signal)
        }

        @Test func exitCodesAreTheScripts() {
            let running = start()
            running.type("os.exit(6)\r")
            #expect(running.end(timeout: 5).status == 6)
        }

        @Test(arguments: Identity.available) func theHistoryIsKept(_ identity: Identity) {
            let state = "\(Place.directory)/state"
            mkdir(state, 0o777)
            chmod(state, 0o777)
            defer { Place.remove(state) }
            var running = start(identity, environment: ["XDG_STATE_HOME": state])
            enter("first = 1", running)
            enter("second = 2", running)
            // Written line by line, so that it is there however nssh ends.
            let lines = Place.text("\(state)/nssh/history").split(separator: "\n")
            #expect(lines.filter { !$0.hasPrefix("#") } == ["first = 1", "second = 2"])
            running.kill(SIGKILL)
            #expect(running.end().signal == SIGKILL)
            var info = stat()
            #expect(stat("\(state)/nssh/history", &info) == 0 && info.st_mode & 0o777 == 0o600)
            running = start(identity, environment: ["XDG_STATE_HOME": state])
            let from = running.stdout.count
            running.type("\u{10}\u{10}\r") // ^P ^P
            running.expect("first = 1", from: from)
            running.expect(Prompt.sign, from: running.expect("\n", from: from))
            #expect(enter("first", running) == "1\r\n")
            leave(running)
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
