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

        @Test(
            arguments: [
                ("-e 'print(1)'", 1), ("-e 'print(1) os.exit(0)'", 1), ("-e 'print(1) os.exit(true, true)'", 1),
                ("-e 'print(1) os.exit(7)'", 7), ("-e 'print(1) error()'", 1), ("-e 'for i = 1, 1e5 do print(i) end'", 1),
                ("-v", 1), ("--help", 1), ("--list", 1), ("ls --help", 2), ("ls", 2), ("enter --help", 125),
                ("\"$SCRIPT\"", 1), ("- < \"$SCRIPT\"", 1), ("-i < \"$SCRIPT\"", 1),
            ] as [(String, Int32)])
        func whatCannotBeWrittenIsAnError(_ words: String, _ status: Int32) {
            let script = "\(Place.directory)/full.lua"
            Place.write(script, Array("io.write('x')\n".utf8))
            defer { Place.remove(script) }
            let result = sh("\"$NSSH\" \(words) > /dev/full", environment: ["SCRIPT": script])
            #expect(result.status == status, "\(result)")
            let message = "nssh: cannot write to standard output: No space left on device\n"
            #expect(result.stderr.hasSuffix(message), "\(result)")
            #expect(result.stderr.ranges(of: message).count == 1, "\(result)")
        }

        @Test func otherWritesAreTheScriptsAffair() {
            #expect(sh("\"$NSSH\" -e 'assert(io.write(1)); assert(io.flush())' > /dev/full").status == 1)
            #expect(sh("\"$NSSH\" -e 'io.open(\"/dev/full\", \"w\"):write(1)'").status == 0)
            #expect(sh("\"$NSSH\" -e 'io.stderr:write(1)' 2> /dev/full").status == 0)
            // Nothing was to be written.
            #expect(sh("\"$NSSH\" -e 'x = 1' > /dev/full").status == 0)
            // A child's words are its own matter.
            #expect(sh("\"$NSSH\" -e 'assert(ns.clone{\"echo\", \"x\"}:wait().status == 1)' > /dev/full").status == 0)
        }

        @Test func otherFilesAreWrittenAllTheSame() {
            let file = "\(Place.directory)/kept"
            Place.write(file, [])
            defer { Place.remove(file) }
            let script = "file = io.open(os.getenv('FILE'), 'w') file:write('kept') print(1) os.exit(7)"
            let result = sh("\"$NSSH\" -e \"$SCRIPT\" > /dev/full", environment: ["SCRIPT": script, "FILE": file])
            #expect(result.status == 7)
            #expect(Place.text(file) == "kept")
        }

        /// A copy of nssh that runs a function answers for what the function wrote, and for nothing else.
        @Test(arguments: Identity.available) func aFunctionsOutputIsItsOwn(_ identity: Identity) {
            lua(
                """
                local full = new{ stdout = "/dev/full", function() print("x") return 1 end }
                local r = ns.run(full)
                eq(r.ok, false) eq(r.status, 1) has(r.error, "write to standard output: No space left on device")
                eq(ns.run(new{ stdout = "/dev/full", function() print("x") os.exit(0) end }).status, 1)
                eq(ns.run(new{ stdout = "/dev/full", function() return 1 end }).values[1], 1)
                eq(ns.run(new{ function() print("x") os.exit(0) end }).stdout, "x\\n")
                """, as: identity)
            let chunk =
                "io.write('lost') io.flush() local r = ns.run{ function() io.write('x') end } io.stderr:write(tostring(r.ok), r.stdout)"
            let inherited = sh("\"$NSSH\" -e \"$CHUNK\" > /dev/full", as: identity, environment: ["CHUNK": chunk])
            #expect(inherited.status == 1)
            #expect(inherited.stderr.hasPrefix("truexnssh: "), "\(inherited)")
        }

        /// Nothing that is opened later gets the number of a stream: what is printed would go into it. In a root without /dev/null too, or with
        /// a plain file in its place.
        @Test(arguments: Identity.available, ["", "touch /dev/null;"])
        func aHoleAmongTheStreamsIsFilled(_ identity: Identity, _ prepare: String) {
            let script = """
                local file = assert(io.open(os.getenv("FILE"), "w"))
                print("to standard output") io.flush() io.stderr:write("to standard error")
                for number = 0, 2 do
                  local r = ns.run{ stdin = "inherit", sh = "readlink /proc/$PPID/fd/" .. number }
                  if r.stdout:find(os.getenv("FILE"), 1, true) or r.stdout == "/\\n" or r.stdout == "" then file:write(number, r.stdout) end
                end
                file:write("kept ", tostring(io.read()))
                """
            let file = "\(Place.directory)/hole"
            Place.write(file, [])
            chmod(file, 0o666)
            defer { Place.remove(file) }
            for (closed, status) in [("<&-", 0), (">&-", 1), ("2>&-", 0), ("<&- >&- 2>&-", 1)] {
                let line = """
                    mount -t tmpfs none /dev; \(prepare) "$NSSH" -e "$CHUNK" \(closed); echo " $?" >>"$FILE"
                    test ! -s /dev/null || echo more >>"$FILE"
                    """
                let result = run(
                    "-Urm", "/bin/sh", "-c", line, program: "/usr/bin/unshare", as: identity,
                    environment: ["CHUNK": script, "FILE": file])
                // What is printed there is lost, and that is said.
                #expect(Place.text(file) == "kept nil \(status)\n", "\(closed): \(result)")
            }
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
