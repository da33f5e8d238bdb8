import CLinux
import Glibc
import Testing

extension Integration {
    /// The files that the prompt reads and writes by itself.
    @Suite struct PromptFiles {
        let leaks = LeakGuard()

        /// A directory for XDG_STATE_HOME or XDG_CONFIG_HOME, with `nssh` in it, that is `identity`'s.
        private final class Directory {
            let path: String

            init(_ name: String, _ identity: Identity = Identity.available[0]) {
                path = "\(Place.directory)/\(name)-\(identity.rawValue)"
                for directory in [path, "\(path)/nssh"] {
                    mkdir(directory, 0o755)
                    if identity.isChange { chown(directory, 65534, 65534) }
                }
            }

            deinit { Place.remove(path) }

            /// What was typed, according to the history, without the time stamps.
            var typed: [String] {
                Place.text("\(path)/nssh/history").split(separator: "\n").filter { !$0.hasPrefix("#") }.map { String($0) }
            }
        }

        @Test func aLineThatBeginsWithABlankIsForgotten() {
            let state = Directory("state")
            let running = Running.prompt(environment: ["XDG_STATE_HOME": state.path])
            running.enter("kept = 1")
            running.enter(" secret = 1")
            running.enter("kept = 2")
            #expect(running.enter(":history") == "kept = 1\r\nkept = 2\r\n:history\r\n")
            running.leave()
            #expect(state.typed == ["kept = 1", "kept = 2", ":history"])
        }

        @Test(arguments: Identity.available) func theHistoryStaysWhereItIs(_ identity: Identity) {
            let state = Directory("state", identity)
            let running = Running.prompt(identity, environment: ["XDG_STATE_HOME": state.path])
            running.enter("ns.unshare{ user = 'root', mnt = true }", until: "nssh[mnt,user]> ")
            running.enter("sys.mount{ source = 'none', target = '\(state.path)', type = 'tmpfs' }", until: "nssh[mnt,user]> ")
            running.enter("after = 1", until: "nssh[mnt,user]> ")
            #expect(running.enter("#sys.readdir('\(state.path)')", until: "nssh[mnt,user]> ") == "0\r\n")
            running.leave()
            #expect(state.typed.contains("after = 1"), "\(state.typed)")
        }

        /// It is open, and the box's root could read what was typed: a copy that goes there gives it up.
        @Test(arguments: Identity.available) func noCopyInAPlaceOfOthersHasTheHistory(_ identity: Identity) {
            let state = Directory("state", identity)
            let running = Running.prompt(identity, environment: ["XDG_STATE_HOME": state.path])
            running.enter(
                "function has() for _, n in ipairs(sys.readdir('/proc/self/fd')) do "
                    + "if (sys.readlink('/proc/self/fd/' .. n) or ''):find('history$') then return true end end return false end")
            #expect(running.enter("has(), ns.call({}, has)") == "true\ttrue\r\n")
            running.enter("box = ns.clone{ user = 'root', mnt = true }")
            #expect(running.enter("ns.call(box, has)") == "false\r\n")
            running.enter("box:close()")
            running.leave()
        }

        @Test(arguments: ["link", "fifo"]) func aHistoryThatIsNoFileIsLeftAlone(_ kind: String) {
            let state = Directory("state")
            let (victim, history) = ("\(state.path)/victim", "\(state.path)/nssh/history")
            Place.write(victim, Array("data\n".utf8))
            if kind == "fifo" { mkfifo(history, 0o600) } else { symlink(victim, history) }
            let running = Running.prompt(environment: ["XDG_STATE_HOME": state.path])
            #expect(String(decoding: running.stdout, as: UTF8.self).contains("nssh: no history: \(history) is not a regular file"))
            running.enter("x = 1")
            // It is there as long as the prompt is.
            #expect(running.enter(":history") == "x = 1\r\n:history\r\n")
            running.leave()
            #expect(Place.text(victim) == "data\n")
        }

        /// Two prompts write, and a third one cuts the file, which has grown too large.
        @Test func aLongHistoryIsCutAndNothingNewIsLost() {
            let state = Directory("state")
            let history = "\(state.path)/nssh/history"
            let first = Running.prompt(environment: ["XDG_STATE_HOME": state.path])
            first.enter("before = 1")
            let line = "old = '" + String(repeating: "x", count: 1000) + "'"
            Place.write(history, Array((0..<5000).map { "#\($0)\n\(line)\n" }.joined().utf8))
            first.enter("first = 1")
            let cutting = Running.prompt(environment: ["XDG_STATE_HOME": state.path])
            first.enter("second = 1")
            cutting.enter("third = 1")
            cutting.leave()
            first.leave()
            var info = stat()
            #expect(stat(history, &info) == 0 && info.st_size < 3 << 20 && info.st_size > 1 << 20)
            let typed = state.typed
            #expect(typed.suffix(4) == [line[...], "first = 1", "second = 1", "third = 1"].map { String($0) })
            #expect(typed.dropLast(3).allSatisfy { $0 == line })
        }

        /// Half a line would spoil the next one.
        @Test func whatThereIsNoRoomForIsNotWrittenByHalves() {
            // One page, of which ten bytes are free.
            let script = """
                mount -t tmpfs -o size=4096 none /mnt && mkdir /mnt/nssh && printf '%4085s\\n' x >/mnt/nssh/history && "$NSSH"
                echo "it has $(wc -c </mnt/nssh/history)"; echo "and ends"
                """
            let environment = [
                "NSSH": Place.program, "XDG_STATE_HOME": "/mnt", "XDG_CONFIG_HOME": "relative/is/ignored", "HOME": "/dev/null",
                "INPUTRC": "/dev/null", "TERM": "dumb",
            ]
            let arguments = ["--user", "--map-root-user", "--mount", "sh", "-c", script]
            let running = Running(
                Start(arguments: arguments, program: "/usr/bin/unshare", input: .terminal, environment: environment))
            running.expect(Running.sign)
            #expect(running.enter("x = 'more than there is room for'").contains("no more history: write: "))
            running.type("\u{4}")
            running.expect("it has 4086")
            running.expect("and ends")
            #expect(running.end(timeout: 10).status == 0)
        }

        @Test(.enabled(if: geteuid() == 0, "only root runs with the home of another one")) func theStartupFileOfAnotherUserIsNotRun() {
            let config = Directory("config")
            let file = "\(config.path)/nssh/init.lua"
            Place.write(file, Array("greeting = 'theirs'\n".utf8))
            chown(file, 65534, 65534)
            let running = Running.prompt(environment: ["XDG_CONFIG_HOME": config.path])
            #expect(String(decoding: running.stdout, as: UTF8.self).contains("\(file) belongs to uid 65534; it is not run"))
            #expect(running.enter("greeting") == "nil\r\n")
            running.leave()
        }

        @Test func aStartupFileIsAFileOfTheUsers() {
            let config = Directory("config")
            let file = "\(config.path)/nssh/init.lua"
            func start() -> Running { Running.prompt(environment: ["XDG_CONFIG_HOME": config.path]) }
            mkfifo(file, 0o600)
            var running = start()
            #expect(String(decoding: running.stdout, as: UTF8.self).contains("is not a regular file; it is not run"))
            running.leave()
            unlink(file)
            Place.write(file, Array("greeting = 'anybody'\n".utf8))
            chmod(file, 0o666)
            running = start()
            #expect(String(decoding: running.stdout, as: UTF8.self).contains("can be written by everybody; it is not run"))
            #expect(running.enter("greeting") == "nil\r\n")
            running.leave()
            // A link to one's own file is one's own word.
            chmod(file, 0o644)
            rename(file, "\(config.path)/mine.lua")
            symlink("../mine.lua", file)
            running = start()
            #expect(running.enter("greeting") == "\"anybody\"\r\n")
            running.leave()
        }

        /// What is at the paths of the user's files is somebody else's there: a line of such a file could be a command.
        @Test(arguments: Identity.available) func nothingIsReadInANamespaceOfOthers(_ identity: Identity) {
            let home = Directory("home", identity)
            Place.write("\(home.path)/.inputrc", Array("set enable-bracketed-paste off\n".utf8))
            Place.write("\(home.path)/nssh/init.lua", Array("greeting = 'mine'\n".utf8))
            let chunk = """
                box = ns.clone{ user = 'root', mnt = true, stdout = 'pipe', sh = [[
                    cd '\(home.path)' && mount -t tmpfs none . && cd "$PWD" && mkdir nssh && echo "greeting = 'theirs'" >nssh/init.lua &&
                    echo '"Q": "greeting = 1\\r"' >.inputrc && echo ready && exec sleep 100]] }
                assert(box.stdout:read() == 'ready')
                ns.setns(box)
                """
            let environment: [String: String?] = [
                "HOME": home.path, "XDG_CONFIG_HOME": home.path, "XDG_STATE_HOME": home.path, "INPUTRC": nil, "TERM": "dumb",
            ]
            let start = Start(arguments: ["-e", chunk, "-i"], identity: identity, input: .terminal, environment: environment)
            let running = Running(start)
            let sign = "nssh[mnt,user]> "
            running.expect(sign)
            let shown = String(decoding: running.stdout, as: UTF8.self)
            #expect(shown.contains("nssh: in another's mnt namespace or root no init.lua is run"), "\(shown)")
            #expect(shown.contains("nssh: no history: in another's mnt namespace or root"), "\(shown)")
            // The keys that read inputrc(5) again.
            running.type("\u{18}\u{12}")
            #expect(running.enter("#'QQ'", until: sign) == "2\r\n")
            #expect(running.enter("greeting", until: sign) == "nil\r\n")
            running.leave()
        }

        /// Other bytes in the place of those would be another name.
        @Test func aLineThatIsNotUTF8IsNotTaken() {
            let directory = Directory("save")
            let running = Running.prompt()
            running.enter("x = 1")
            for line in [":save \(directory.path)/", "#'", "y = '"] {
                let from = running.stdout.count
                running.type(Array(line.utf8) + [0xff] + Array((line.hasSuffix("'") ? "'\r" : "x\r").utf8))
                let said = running.expect("the line is not UTF-8, and was not taken; in strings of Lua \\xff is such a byte", from: from)
                running.expect(Running.sign, from: said)
            }
            #expect(running.enter("y") == "nil\r\n")
            #expect(access("\(directory.path)/\u{fffd}x", F_OK) != 0)
            running.leave()
        }

        @Test func theKeysAreTheUsersToo() {
            let directory = Directory("config")
            let file = "\(directory.path)/inputrc"
            func start() -> Running { Running.prompt(environment: ["INPUTRC": file]) }
            mkfifo(file, 0o600)
            var running = start()
            #expect(String(decoding: running.stdout, as: UTF8.self).contains("\(file) is not a regular file; it is not read"))
            // What nssh starts has its own opinion.
            #expect(running.enter("sys.env('INPUTRC')") == "\"\(file)\"\r\n")
            running.leave()
            unlink(file)
            Place.write(file, Array("\"q\": \"1 + 1\"\n".utf8))
            running = start()
            #expect(running.enter("q") == "2\r\n")
            running.leave()
            chmod(file, 0o666)
            running = start()
            #expect(String(decoding: running.stdout, as: UTF8.self).contains("\(file) can be written by everybody; it is not read"))
            #expect(running.enter("q") == "nil\r\n")
            running.leave()
        }

        /// Half a script would be in the way of the next try.
        @Test func aScriptThatCannotBeSavedWholeIsNotThere() {
            let running = Running.prompt()
            running.enter("ns.unshare{ user = 'root', mnt = true }", until: "nssh[mnt,user]> ")
            running.enter("sys.mount{ source = 'none', target = '/tmp', type = 'tmpfs', data = 'size=4k' }", until: "nssh[mnt,user]> ")
            running.enter("f = assert(io.open('/tmp/full', 'w')); f:write(('x'):rep(4096)); f:close()", until: "nssh[mnt,user]> ")
            #expect(running.enter(":save /tmp/saved.lua", until: "nssh[mnt,user]> ").contains("No space left on device"))
            #expect(running.enter("#sys.readdir('/tmp')", until: "nssh[mnt,user]> ") == "1\r\n")
            running.leave()
        }
    }
}
