import Glibc
import Testing

extension Integration {
    /// Lines that are evaluated somewhere else, and nssh itself somewhere else.
    @Suite struct PromptPlaces {
        let leaks = LeakGuard()

        @Test(arguments: Identity.available) func linesAreEvaluatedInAPlace(_ identity: Identity) {
            let running = Running.prompt(identity)
            running.enter("local box <close> = ns.clone{ user = 'root', uts = 'inside' }")
            running.enter(":in box", until: "box> ")
            #expect(running.enter("sys.hostname()", until: "box> ") == "\"inside\"\r\n")
            running.enter("name = sys.hostname()", until: "box> ")
            running.enter("local again = name", until: "box> ")
            #expect(running.enter("f = print", until: "box> ") == "(only there: f)\r\n")
            #expect(running.enter("error('there')", until: "box> ").contains("stdin:1: there"))
            #expect(running.enter("!hostname", until: "box> ") == "inside\r\n")
            running.enter("gone, kept = 1, 2", until: "box> ")
            #expect(running.enter("gone = nil; return gone, kept", until: "box> ") == "nil\t2\r\n")
            running.enter(":out")
            #expect(running.enter("name, again, f") == "\"inside\"\t\"inside\"\tnil\r\n")
            #expect(running.enter("gone, kept") == "nil\t2\r\n")
            let both = running.enter(":both sys.hostname()")
            #expect(both.contains("here  \"") && both.contains("≠ box   \"inside\""), "\(both)")
            #expect(running.enter(":both 1 + 1").contains("= box   2"))
            #expect(running.enter(":in 'nope'").contains("names no target"))
            running.leave()
        }

        /// Once a target, and not once a look.
        @Test(arguments: Identity.available) func whatIsNotQuiteTheTargetsIsToldOnce(_ identity: Identity) {
            let running = Running.prompt(identity)
            let python = "import os, time; os.chdir('/tmp'); os.chroot('/usr'); print(1, flush=True); time.sleep(60)"
            running.enter("p = ns.clone{ user = 'root', mnt = true, stdout = 'pipe', 'python3', '-c', [[\(python)]] }")
            running.enter("p.stdout:read('l')")
            let first = running.enter("p:run{ '/bin/true' }.ok")
            #expect(first.contains("pid ") && first.contains("working directory is /") && first.hasSuffix("true\r\n"), "\(first)")
            #expect(running.enter("p:run{ '/bin/true' }.ok") == "true\r\n")
            running.enter("p:close()")
            running.leave()
        }

        @Test(.enabled(if: geteuid() == 0, "moving back needs root; the user's part is below")) func thePromptTellsWhereNsshIs() {
            let running = Running.prompt()
            running.enter("ns.unshare{ uts = true, ipc = true }", until: "nssh[uts,ipc]> ")
            #expect(running.enter(":home") == "back in: uts, ipc\r\n")
            // With the working directory, which a change of the mnt namespace takes.
            running.enter("sys.chdir('/usr')")
            running.enter("ns.unshare{ mnt = true }", until: "nssh[mnt]> ")
            running.enter("sys.chdir('/etc')", until: "nssh[mnt]> ")
            running.enter(":home")
            #expect(running.enter("sys.getcwd()") == "\"/usr\"\r\n")
            running.enter("ns.unshare{ pid = true }", until: "nssh[next child is PID 1]> ")
            running.enter("p = ns.clone{}", until: "nssh[pid of children]> ")
            running.enter(":home")
            running.enter("p:close()")
            #expect(running.enter(":home") == "nssh has not moved\r\n")
            running.leave()
        }

        @Test(arguments: Identity.available) func thereIsNoWayBackOutOfAUserNamespace(_ identity: Identity) {
            let running = Running.prompt(identity)
            running.enter("ns.unshare{ user = 'root', uts = true }", until: "nssh[uts,user]> ")
            #expect(running.enter(":home", until: "nssh[uts,user]> ").contains("nobody comes back to an outer user namespace"))
            running.leave()
        }
    }
}
