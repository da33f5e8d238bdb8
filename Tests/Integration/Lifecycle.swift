import Glibc
import Testing

extension Integration {
    /// The end of nssh by a signal: its children end with it.
    @Suite struct Lifecycle {
        let leaks = LeakGuard()

        /// Every body kind, and a pid namespace with a tree in it whose processes left the session.
        static let everything = """
            held = ns.clone(new{ uts = true })
            initless = ns.clone(new{ pid = true })
            argv = ns.clone{ "sleep", "60" }
            sh = ns.clone(new{ net = true, sh = "trap '' TERM HUP INT; while :; do sleep 60; done" })
            body = ns.clone{ function() while true do pcall(sys.sleep, 60) end end }
            tree = ns.clone(new{ pid = true, stdout = "pipe", sh = "setsid sh -c 'setsid sleep 60 & sleep 60' & (sleep 60 &) ; sleep 0.1; echo grown; sleep 60" })
            tree.stdout:read("l")
            """

        private func start(_ identity: Identity, _ chunk: String) -> Running {
            let running = Running(
                Start(
                    arguments: ["-e", prelude, "-e", Lifecycle.everything, "-e", "print('ready') io.flush()", "-e", chunk],
                    identity: identity, input: .pipe))
            running.expect("ready\n")
            // sleep of sh, the tree's four and their shells: what there is now
            #expect(running.leftovers.count >= 10, "\(running.leftovers)")
            return running
        }

        /// The shell of a body outside a pid namespace may leave its own child: it was not killed with its group, since nobody
        /// was left to do that. Only nssh's children and pid namespaces end by the kernel's own doing.
        @Test(
            arguments: [
                "while true do end", "sys.sleep(60)", "argv:wait()", "ns.run{ 'sleep', '60' }", "ns.call({}, sys.sleep, 60)", "io.read()",
            ], Identity.available)
        func killed(_ chunk: String, _ identity: Identity) {
            let running = start(identity, chunk)
            let before = running.leftovers
            let children = Set(before.filter { $0.parent == running.pid }.map(\.pid))
            #expect(children.count >= 6, "\(before)")
            // Everything but what the shell outside of pid namespaces has started.
            let shell = before.filter { entry in
                before.contains {
                    $0.pid == entry.parent && children.contains($0.pid)
                        && Place.link("/proc/\($0.pid)/ns/pid") == Place.link("/proc/self/ns/pid")
                }
            }
            running.kill(SIGKILL)
            let dead = eventually(1) {
                before.allSatisfy { entry in shell.contains { $0.pid == entry.pid } || ProcessEntry.isDead(entry.pid) }
            }
            #expect(dead, "alive: \(before.filter { !ProcessEntry.isDead($0.pid) })")
            for entry in shell where !ProcessEntry.isDead(entry.pid) { _ = kill(entry.pid, SIGKILL) }
            #expect(running.end(timeout: 5).signal == SIGKILL)
        }

        static let makers = [
            "ns.clone(new{ uts = true })", "ns.clone{ 'sleep', '60' }", "ns.clone(new{ pid = true, 'sleep', '60' })",
            "ns.clone{ function() sys.sleep(60) end }", "ns.call({}, function() ns.clone{ 'sleep', '60' } end)",
            "p:run{ 'true' } p:call(print)",
            "ns.clone{ user = { uid = { { 0, sys.getuid(), 1 } }, gid = { { 0, sys.getgid(), 1 } } }, 'sleep', '60' }",
            "pcall(ns.run, { user = 'root', uid = 77, 'true' })", "ns.clone{ 'sleep', '60' }:close()",
        ]

        /// Killed in the middle of a launch, wherever that is: a child that is not done with its steps yet must find out.
        @Test(arguments: makers, Identity.available) func killedWhileLaunching(_ chunk: String, _ identity: Identity) {
            for round in 0..<12 {
                let set = "p = ns.clone(new{ pid = true, uts = true }) print('on') io.flush() io.stdout:close()"
                let running = Running(
                    Start(arguments: ["-e", prelude, "-e", set, "-e", "for i = 1, 200 do \(chunk) end sys.sleep(60)"], identity: identity))
                running.expect("on\n")
                usleep(UInt32(round) * 700 + UInt32.random(in: 0..<700))
                running.kill(SIGKILL)
                #expect(running.end(timeout: 5).signal == SIGKILL)
            }
        }

        /// The same for a signal that nssh ends by itself.
        @Test(arguments: makers) func terminatedWhileLaunching(_ chunk: String) {
            for round in 0..<12 {
                let signal = round % 2 == 0 ? SIGTERM : SIGINT
                let set = "p = ns.clone(new{ pid = true, uts = true }) print('on') io.flush() io.stdout:close()"
                let running = Running(
                    Start(arguments: ["-e", prelude, "-e", set, "-e", "for i = 1, 200 do \(chunk) end sys.sleep(60)"]))
                running.expect("on\n")
                usleep(UInt32(round) * 700 + UInt32.random(in: 0..<700))
                running.kill(signal)
                let result = running.end(timeout: 5)
                #expect(signal == SIGTERM ? result.signal == SIGTERM : result.status == 130, "\(result)")
            }
        }

        @Test(arguments: [SIGTERM, SIGHUP], Identity.available)
        func terminated(_ signal: Int32, _ identity: Identity) {
            for chunk in [
                "while true do pcall(function() while true do end end) end", "sys.sleep(60)", "ns.run{ sh = \"trap '' TERM; sleep 60\" }",
                "ns.call({}, sys.sleep, 60)", "held:wait()",
            ] {
                let running = start(identity, chunk)
                running.kill(signal)
                let sent = now()
                let result = running.end(timeout: 5)
                #expect(result.signal == signal, "\(chunk): \(result)")
                #expect(now() - sent < 1, "\(chunk)")
            }
        }

        @Test func whatIsIgnoredStaysIgnored() {
            let result = sh("trap '' INT HUP; \"$NSSH\" -e 'ns.run{sh = \"kill -INT $PPID; kill -HUP $PPID\"} print(1)'")
            #expect(result.stdout == "1\n")
            #expect(result.status == 0)
            // nssh's own children inherit that as they would from a shell; SIGCHLD ignored would lose their exit codes.
            let child = sh("trap '' CHLD; \"$NSSH\" -e 'assert(ns.run{sh = \"exit 3\"}.status == 3)'")
            #expect(child.status == 0, "\(child)")
        }

        /// Signals that come while nssh is ending, whatever part of the end it is in.
        @Test(arguments: Identity.available) func moreSignalsDoNoHarm(_ identity: Identity) {
            for round in 0..<8 {
                let running = start(identity, "while true do pcall(sys.sleep, 60) end")
                running.kill(SIGTERM)
                for _ in 0..<20 {
                    usleep(UInt32(round) * 20)
                    running.kill(SIGINT)
                    running.kill(SIGTERM)
                }
                #expect(running.end(timeout: 5).signal == SIGTERM)
            }
            for chunk in ["os.exit(3, true)", "os.exit(3)", "coroutine.wrap(os.exit)(3, true)"] {
                let arguments = ["-e", prelude, "-e", Lifecycle.everything, "-e", "print('go') io.flush() \(chunk)"]
                let running = Running(Start(arguments: arguments, identity: identity))
                running.expect("go\n")
                for _ in 0..<50 {
                    running.kill(SIGINT)
                    usleep(200)
                }
                let result = running.end(timeout: 5)
                #expect(result.status == 3 || result.status == 130, "\(chunk): \(result)")
            }
        }
    }
}
