import Glibc
import Testing

extension Integration {
    /// How a run ends, and what it does when its streams are not what they should be.
    @Suite struct ExitCodes {
        let leaks = LeakGuard()

        @Test(
            arguments: [
                ("os.exit(7)", 7), ("os.exit(true)", 0), ("os.exit(false)", 1), ("os.exit()", 0), ("os.exit(0, true)", 0), ("x = 1", 0),
            ] as [(String, Int32)])
        func scriptsChooseTheirs(_ chunk: String, _ status: Int32) {
            let result = run("-e", "io.write('kept')", "-e", chunk)
            #expect(result.status == status)
            #expect(result.stdout == "kept")
            #expect(result.stderr == "")
        }

        @Test(arguments: ["os.exit(3)", "os.exit(3, true)", "error('x')"], Identity.available)
        func childrenGoWithNssh(_ chunk: String, _ identity: Identity) {
            let start = """
                if sys.geteuid() == 0 then u = nil else u = "root" end
                p = ns.clone{user = u, uts = true}
                q = ns.clone{"sleep", "60"}
                r = ns.clone{user = u, pid = true, sh = "setsid sleep 60 & sleep 60"}
                """
            let result = run("-e", start, "-e", chunk, as: identity)
            #expect(result.status == (chunk.hasPrefix("os.exit") ? 3 : 1))
        }

        @Test func anErrorIsOneWithATraceback() {
            let result = run("-e", "local function f() error('deep') end", "-e", "local function f() error('deep') end f()")
            #expect(result.status == 1)
            #expect(result.stdout == "")
            #expect(result.stderr.hasPrefix("nssh: (command line):1: deep"))
            #expect(result.stderr.contains("stack traceback:"))
            #expect(run("-e", "x = ").stderr.contains("(command line):1:"))
            #expect(run("-e", "error()").status == 1)
            #expect(run("-e", "error{}").stderr.contains("(error object is a table)"))
            #expect(run("-e", "error(setmetatable({}, {__tostring = function() return 'mine' end}))").stderr.hasPrefix("nssh: mine"))
        }

        @Test func aFailureOfTheKernelIsShownInWords() {
            let result = run("-e", "ns.run{'/no/such/program'}")
            #expect(result.status == 1)
            #expect(result.stderr.contains("execve"))
            #expect(result.stderr.contains("/no/such/program"))
            #expect(result.stderr.contains("No such file or directory"))
            #expect(result.stderr.contains("(command line):1:"))
        }

        @Test(arguments: Identity.available) func closedStreamsAreNoTrouble(_ identity: Identity) {
            // Descriptors that nssh opens must not become a child's 0, 1 or 2.
            let line = "r = ns.run{sh = 'ls /proc/self/fd | tr -d \"\\\\n\"'} assert(r.stdout == '0123', r.stdout)"
            for closed in ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"] {
                let result = sh("\"$NSSH\" -e \"$CHUNK\" \(closed)", as: identity, environment: ["CHUNK": line])
                #expect(result.status == 0, "\(closed): \(result)")
            }
            #expect(sh("\"$NSSH\" <&-").status == 0)
            #expect(sh("\"$NSSH\" -e 'error(1)' 2>&-").status == 1)
        }

        @Test func aFullDeviceIsAnError() {
            let result = sh("\"$NSSH\" -e 'print(1)' > /dev/full")
            #expect(result.status == 0, "as lua: print does not look; \(result)")
            #expect(sh("\"$NSSH\" -e 'assert(io.write(1)); assert(io.flush())' > /dev/full").status == 1)
            #expect(sh("\"$NSSH\" --help > /dev/full").signal == nil)
            // A child's words are its own matter.
            #expect(sh("\"$NSSH\" -e 'assert(ns.clone{\"echo\", \"x\"}:wait().status == 1)' > /dev/full").status == 0)
        }

        @Test func aBrokenPipeEndsItQuietly() {
            let result = sh("\"$NSSH\" -e 'for i = 1, 1e6 do print(i) end' | head -n 1")
            #expect(result.stdout == "1\n")
            #expect(result.stderr == "")
            // The children's SIGPIPE is as it should be, whatever nssh does with its own.
            let child = run(
                "-e", "local r = ns.run{sh = 'yes | head -n 1'} assert(r.ok and r.stdout == 'y\\n' and r.stderr == '', r.stderr)")
            #expect(child.status == 0, "\(child)")
        }

        @Test func anInterruptIsOneHundredAndThirty() {
            let running = Running(Start(arguments: ["-e", "print('on') io.flush() while true do end"]))
            running.expect("on\n")
            running.kill(SIGINT)
            let result = running.end(timeout: 5)
            #expect(result.status == 130)
            #expect(result.stderr == "nssh: interrupted\n")
        }

        @Test func bytesThatAreNoTextGoThroughUnchanged() {
            let path = "\(Place.directory)/binary.lua"
            Place.write(path, Array("io.write('".utf8) + [0xff, 0xfe, 0x80, 0x41] + Array("', ...)".utf8))
            defer { Place.remove(path) }
            let result = sh("\"$NSSH\" \(path) \"$(printf 'a\\377b')\"")
            #expect(result.bytes == [0xff, 0xfe, 0x80, 0x41, 0x61, 0xff, 0x62], "\(result)")
            let chunk = sh("\"$NSSH\" -e \"io.write(#'$(printf '\\377')', arg[0] and '' or '')\"")
            #expect(chunk.stdout == "1")
            // A script's name, too.
            let name = sh(
                "d=$(mktemp -d); f=$d/$(printf 'n\\377').lua; echo 'io.write(#arg[0] > 0 and \"ran\")' > \"$f\"; \"$NSSH\" \"$f\"; rm -r \"$d\""
            )
            #expect(name.stdout == "ran", "\(name)")
        }

        @Test func aCompiledScriptIsAnErrorOrRuns() {
            let path = "\(Place.directory)/zero.lua"
            Place.write(path, [0x00, 0x01, 0xff] + Array("garbage".utf8))
            defer { Place.remove(path) }
            let result = run(path)
            #expect(result.status == 1)
            #expect(result.stderr.contains("zero.lua:1:"))
            // Zero bytes in a string are Lua's own business.
            #expect(run(stdin: .data(Array("io.write(#'a".utf8) + [0] + Array("b')".utf8))).stdout == "3")
        }
    }
}
