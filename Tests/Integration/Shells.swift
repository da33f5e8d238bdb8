import Glibc
import Testing

extension Integration {
    /// ns.shell on a real terminal: lent, and taken back whole.
    @Suite struct Shells {
        let leaks = LeakGuard()
        private func start(_ identity: Identity) -> Running {
            Running.prompt(identity, ["-e", prelude, "-i"], environment: ["PS1": "inner% ", "ENV": nil, "SHELL": "/bin/sh"])
        }

        /// Whether the terminal is nssh's again, in the modes from before, and works.
        private func isWhole(_ running: Running, _ before: Modes, sourceLocation: SourceLocation = #_sourceLocation) {
            // readline sets its own modes at the prompt; those are compared with themselves.
            #expect(eventually { Modes(running) == before }, "\(Modes(running)), was \(before)", sourceLocation: sourceLocation)
            #expect(tcgetpgrp(running.output) == running.pid, sourceLocation: sourceLocation)
            #expect(running.enter("6 * 7", until: Running.sign, sourceLocation: sourceLocation) == "42\r\n", sourceLocation: sourceLocation)
            running.type("\u{4}")
            #expect(running.end(timeout: 10, sourceLocation: sourceLocation).status == 0, sourceLocation: sourceLocation)
        }

        @Test(arguments: ["", "uts = true", "user = 'root', pid = { proc = true }"], Identity.available)
        func theStatusIsTheShells(_ options: String, _ identity: Identity) {
            let running = start(identity)
            let before = Modes(running)
            running.enter("r = ns.shell(new{ \(options) })", until: "inner% ")
            #expect(running.enter("echo in-$((1 + 2))", until: "inner% ").hasPrefix("in-3\r\n"))
            running.enter("exit 3", until: Running.sign)
            #expect(running.enter("r.status, r.signal, r.ok", until: Running.sign) == "3\tnil\tfalse\r\n")
            isWhole(running, before)
        }

        @Test(arguments: Identity.available) func aShellThatIsKilledLeavesTheTerminalWhole(_ identity: Identity) {
            for line in [
                "stty -echo -icanon -isig; kill -9 $$", "stty raw; kill -9 $$", "stty -echo; exit 0",
                "setsid -w true; stty -onlcr -opost; kill -SEGV $$",
            ] {
                let running = start(identity)
                let before = Modes(running)
                running.enter("r = ns.shell(new{ uts = true })", until: "inner% ")
                running.enter(line, until: Running.sign)
                isWhole(running, before)
            }
        }

        @Test(arguments: Identity.available) func anInterruptReachesTheChildOnly(_ identity: Identity) {
            let running = start(identity)
            let before = Modes(running)
            running.enter(
                "r = ns.shell{ '/bin/sh', '-c', \"trap 'echo caught; exit 4' INT; echo waiting; while :; do sleep 0.05; done\" }",
                until: "waiting\r\n")
            running.type("\u{3}")
            running.expect("caught\r\n")
            running.expect(Running.sign, from: running.stdout.count - 8)
            #expect(running.enter("r.status", until: Running.sign) == "4\r\n")
            running.type("r = ns.shell{ 'sleep', '60' }; print('back')\r")
            #expect(eventually { tcgetpgrp(running.output) != running.pid })
            let from = running.stdout.count
            running.type("\u{3}")
            running.expect("back\r\n", from: from)
            running.expect(Running.sign, from: from)
            #expect(running.enter("r.signal", until: Running.sign) == "\"SIGINT\"\r\n")
            isWhole(running, before)
        }

        @Test(arguments: Identity.available) func theForegroundIsTheChilds(_ identity: Identity) {
            let running = start(identity)
            let before = Modes(running)
            // bash has job control: it is the leader of the foreground group, as PID 1 too.
            for options in ["'/bin/bash', '--norc'", "user = 'root', pid = { proc = true }, '/bin/bash', '--norc'"] {
                // Spelled otherwise where it is typed, so that its echo is not taken for the prompt.
                running.enter("r = ns.shell(new{ \(options), env = { PS1 = 'inn\\x65r> ' } })", until: "inner> ")
                let text = running.enter("set -o | grep monitor", until: "inner> ")
                #expect(text.contains("monitor") && text.contains("on\r\n"), "\(text)")
                #expect(!String(decoding: running.stdout, as: UTF8.self).contains("no job control"))
                let shell = tcgetpgrp(running.output)
                // ^C is for the job: it has said that it runs, and bash has given it the terminal.
                running.enter("sh -c 'echo $((6*7)); exec sleep 60' & fg", until: "42\r\n")
                #expect(eventually { ![shell, -1].contains(tcgetpgrp(running.output)) })
                let from = running.stdout.count
                running.type("\u{3}")
                running.expect("inner> ", from: from)
                running.enter("exit 5", until: Running.sign)
                #expect(running.enter("r.status", until: Running.sign) == "5\r\n")
            }
            isWhole(running, before)
        }

        @Test(arguments: Identity.available) func aStoppedProgramGoesOn(_ identity: Identity) {
            let running = start(identity)
            let before = Modes(running)
            running.enter("r = ns.shell{ '/bin/sh', '-c', 'echo first; kill -STOP $$; echo second; exit 2' }", until: Running.sign)
            #expect(running.enter("r.pid, r:alive()").hasSuffix("\ttrue\r\n"))
            #expect(running.enter("r = r:fg()") == "second\r\n")
            #expect(running.enter("r.status", until: Running.sign) == "2\r\n")
            isWhole(running, before)
        }

        @Test(arguments: Identity.available) func aShellJoinsAProcess(_ identity: Identity) {
            let running = start(identity)
            let before = Modes(running)
            running.enter("p = ns.clone(new{ uts = 'joined', pid = true, mnt = true })", until: Running.sign)
            running.enter("r = p:shell()", until: "inner% ")
            #expect(running.enter("hostname", until: "inner% ").hasPrefix("joined\r\n"))
            running.enter("exit 6", until: Running.sign)
            #expect(running.enter("r.status", until: Running.sign) == "6\r\n")
            isWhole(running, before)
        }

        @Test func aShellThatFailsToStartLeavesTheTerminal() {
            let running = start(Identity.available[0])
            let before = Modes(running)
            #expect(running.enter("ns.shell{ '/no/such' }", until: Running.sign).contains("No such file or directory"))
            #expect(running.enter("ns.shell{ user = 'root', uid = 77 }", until: Running.sign).contains("setresuid"))
            isWhole(running, before)
        }
    }
}
