import Glibc
import Testing

extension Integration {
    /// ns.shell on a real terminal: lent, and taken back whole.
    @Suite struct Shells {
        let leaks = LeakGuard()
        private static let sign = "nssh> "

        private func start(_ identity: Identity) -> Running {
            let environment: [String: String?] = [
                "INPUTRC": "/dev/null", "TERM": "dumb", "HOME": "/dev/null", "PS1": "inner% ", "ENV": nil, "SHELL": "/bin/sh",
            ]
            let running = Running(Start(arguments: ["-e", prelude, "-i"], identity: identity, input: .terminal, environment: environment))
            running.expect(Shells.sign)
            return running
        }

        /// Types a line and waits for `sign` after its echo; what came between.
        @discardableResult
        private func enter(_ line: String, _ running: Running, until sign: String, sourceLocation: SourceLocation = #_sourceLocation)
            -> String
        {
            let from = running.stdout.count
            running.type(line + "\r")
            let echoed = running.expect("\n", from: from, sourceLocation: sourceLocation)
            let end = running.expect(sign, from: echoed, sourceLocation: sourceLocation)
            return String(decoding: running.stdout[echoed..<max(echoed, end - sign.utf8.count)], as: UTF8.self)
        }

        /// Whether the terminal is nssh's again, in the modes from before, and works.
        private func isWhole(_ running: Running, _ before: Modes, sourceLocation: SourceLocation = #_sourceLocation) {
            // readline sets its own modes at the prompt; those are compared with themselves.
            #expect(eventually { Modes(running) == before }, "\(Modes(running)), was \(before)", sourceLocation: sourceLocation)
            #expect(tcgetpgrp(running.output) == running.pid, sourceLocation: sourceLocation)
            #expect(enter("6 * 7", running, until: Shells.sign, sourceLocation: sourceLocation) == "42\r\n", sourceLocation: sourceLocation)
            running.type("\u{4}")
            #expect(running.end(timeout: 10, sourceLocation: sourceLocation).status == 0, sourceLocation: sourceLocation)
        }

        @Test(arguments: ["", "uts = true", "user = 'root', pid = { proc = true }"], Identity.available)
        func theStatusIsTheShells(_ options: String, _ identity: Identity) {
            let running = start(identity)
            let before = Modes(running)
            enter("r = ns.shell(new{ \(options) })", running, until: "inner% ")
            #expect(enter("echo in-$((1 + 2))", running, until: "inner% ").hasPrefix("in-3\r\n"))
            enter("exit 3", running, until: Shells.sign)
            #expect(enter("r.status, r.signal, r.ok", running, until: Shells.sign) == "3\tnil\tfalse\r\n")
            isWhole(running, before)
        }

        @Test(arguments: Identity.available) func aShellThatIsKilledLeavesTheTerminalWhole(_ identity: Identity) {
            for line in [
                "stty -echo -icanon -isig; kill -9 $$", "stty raw; kill -9 $$", "stty -echo; exit 0",
                "setsid -w true; stty -onlcr -opost; kill -SEGV $$",
            ] {
                let running = start(identity)
                let before = Modes(running)
                enter("r = ns.shell(new{ uts = true })", running, until: "inner% ")
                enter(line, running, until: Shells.sign)
                isWhole(running, before)
            }
        }

        @Test(arguments: Identity.available) func anInterruptReachesTheChildOnly(_ identity: Identity) {
            let running = start(identity)
            let before = Modes(running)
            enter(
                "r = ns.shell{ '/bin/sh', '-c', \"trap 'echo caught; exit 4' INT; echo waiting; while :; do sleep 0.05; done\" }", running,
                until: "waiting\r\n")
            running.type("\u{3}")
            running.expect("caught\r\n")
            running.expect(Shells.sign, from: running.stdout.count - 8)
            #expect(enter("r.status", running, until: Shells.sign) == "4\r\n")
            running.type("r = ns.shell{ 'sleep', '60' }; print('back')\r")
            #expect(eventually { tcgetpgrp(running.output) != running.pid })
            let from = running.stdout.count
            running.type("\u{3}")
            running.expect("back\r\n", from: from)
            running.expect(Shells.sign, from: from)
            #expect(enter("r.signal", running, until: Shells.sign) == "\"SIGINT\"\r\n")
            isWhole(running, before)
        }

        @Test(arguments: Identity.available) func theForegroundIsTheChilds(_ identity: Identity) {
            let running = start(identity)
            let before = Modes(running)
            // bash has job control: it is the leader of the foreground group, as PID 1 too.
            for options in ["'/bin/bash', '--norc'", "user = 'root', pid = { proc = true }, '/bin/bash', '--norc'"] {
                // Spelled otherwise where it is typed, so that its echo is not taken for the prompt.
                enter("r = ns.shell(new{ \(options), env = { PS1 = 'inn\\x65r> ' } })", running, until: "inner> ")
                let text = enter("set -o | grep monitor", running, until: "inner> ")
                #expect(text.contains("monitor") && text.contains("on\r\n"), "\(text)")
                #expect(!String(decoding: running.stdout, as: UTF8.self).contains("no job control"))
                let shell = tcgetpgrp(running.output)
                // ^C is for the job: it has said that it runs, and bash has given it the terminal.
                enter("sh -c 'echo $((6*7)); exec sleep 60' & fg", running, until: "42\r\n")
                #expect(eventually { ![shell, -1].contains(tcgetpgrp(running.output)) })
                let from = running.stdout.count
                running.type("\u{3}")
                running.expect("inner> ", from: from)
                enter("exit 5", running, until: Shells.sign)
                #expect(enter("r.status", running, until: Shells.sign) == "5\r\n")
            }
            isWhole(running, before)
        }

        @Test(arguments: Identity.available) func aStoppedProgramGoesOn(_ identity: Identity) {
            let running = start(identity)
            let before = Modes(running)
            enter("r = ns.shell{ '/bin/sh', '-c', 'echo first; kill -STOP $$; echo second; exit 2' }", running, until: Shells.sign)
            #expect(String(decoding: running.stdout, as: UTF8.self).contains("first\r\nsecond\r\n"))
            #expect(enter("r.status", running, until: Shells.sign) == "2\r\n")
            isWhole(running, before)
        }

        @Test(arguments: Identity.available) func aShellJoinsAProcess(_ identity: Identity) {
            let running = start(identity)
            let before = Modes(running)
            enter("p = ns.clone(new{ uts = 'joined', pid = true, mnt = true })", running, until: Shells.sign)
            enter("r = p:shell()", running, until: "inner% ")
            #expect(enter("hostname", running, until: "inner% ").hasPrefix("joined\r\n"))
            enter("exit 6", running, until: Shells.sign)
            #expect(enter("r.status", running, until: Shells.sign) == "6\r\n")
            isWhole(running, before)
        }

        @Test func aShellThatFailsToStartLeavesTheTerminal() {
            let running = start(Identity.available[0])
            let before = Modes(running)
            #expect(enter("ns.shell{ '/no/such' }", running, until: Shells.sign).contains("No such file or directory"))
            #expect(enter("ns.shell{ user = 'root', uid = 77 }", running, until: Shells.sign).contains("setresuid"))
            isWhole(running, before)
        }
    }
}

/// The modes of a terminal. termios(3).
private struct Modes: Equatable, CustomStringConvertible {
    var input, output, control, local: tcflag_t

    init(_ running: Running) {
        var modes = termios()
        tcgetattr(running.output, &modes)
        (input, output, control, local) = (modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag)
    }

    var description: String { "\(input) \(output) \(control) \(local)" }
}
