import CLinux
import Glibc
import Testing

extension Integration {
    /// ⇥, help and colours at a real terminal.
    @Suite struct PromptCompletion {
        let leaks = LeakGuard()

        /// Types keys, waits for `text`, and then clears the line.
        private func tab(
            _ keys: String, _ text: String, _ running: Running, sourceLocation: SourceLocation = #_sourceLocation
        ) {
            var from = running.stdout.count
            running.type(keys)
            running.expect(text, from: from, timeout: 5, sourceLocation: sourceLocation)
            from = running.stdout.count
            running.type("\u{3}")
            running.expect("nssh> ", from: running.expect("^C", from: from, sourceLocation: sourceLocation), sourceLocation: sourceLocation)
        }

        @Test(arguments: Identity.available) func itCompletes(_ identity: Identity) {
            let running = Running.prompt(identity)
            tab("ns.cl\t", "ns.clone{", running)
            tab("ns.clone{us\t", "ns.clone{user = ", running)
            tab("ns.clone{user = \"r\t}", "ns.clone{user = \"root\"}", running)
            tab("sys.stat(\"/proc/self/mountin\t)", "sys.stat(\"/proc/self/mountinfo\")", running)
            tab("require \"nssh.dem\t", "require \"nssh.demo\"", running)
            tab(":demo demo_ut\t!", ":demo demo_uts!", running)
            tab("?propaga\t!", "?propagation!", running)
            tab("ns.inode(1234, \"ut\t)", "ns.inode(1234, \"uts\")", running)
            running.enter("local mine <close> = ns.clone{ user = 'root' }")
            tab("mine:al\t", "mine:alive()", running)
            running.leave()
        }

        @Test(arguments: Identity.available) func programsAreWhatCanBeExecuted(_ identity: Identity) {
            let directory = "\(Place.directory)/programs"
            mkdir(directory, 0o755)
            defer { Place.remove(directory) }
            for (name, mode) in [("nssh-test-data", 0o644), ("nssh-test-run", 0o755)] as [(String, mode_t)] {
                Place.write("\(directory)/\(name)", [])
                chmod("\(directory)/\(name)", mode)
            }
            let running = Running.prompt(identity, environment: ["PATH": directory])
            tab("!nssh-test-\t!", "!nssh-test-run !", running)
            running.leave()
        }

        /// The second ⇥ lists, below the line; the line is there again, and works.
        @Test func itLists() {
            let running = Running.prompt()
            let from = running.stdout.count
            running.type("ns.clone{u\t")
            running.expect("\u{7}", from: from)
            running.type("\t")
            let listed = running.expect("uid=   user=  uts=\r\n", from: from)
            running.expect("nssh> ns.clone{u", from: listed)
            running.type("ts = 5}\u{3}")
            running.expect("nssh> ", from: running.expect("^C", from: listed))
            running.leave()
        }

        @Test func pidsAreListedWithTheirCommands() {
            let running = Running.prompt()
            running.enter("local p <close>, q = ns.clone{ 'sleep', '60' }")
            running.enter("local q <close> = ns.clone{ 'sleep', '60' }")
            let (p, q) = (running.enter("p.pid").filter(\.isNumber), running.enter("q.pid").filter(\.isNumber))
            // What both have in common leaves the choice open.
            let common = String(zip(p, q).prefix { $0 == $1 }.map(\.0))
            let from = running.stdout.count
            running.type("ns.inode(\(common)\t\t")
            let listed = running.expect("ns.inode(\(common)", from: running.expect("\(p) sleep", from: from))
            running.type("\u{3}")
            running.expect("nssh> ", from: listed)
            running.leave()
        }

        @Test func theSignatureIsShown() {
            let running = Running.prompt()
            tab("ns.clone{\t", "ns.clone([options])\r\n  Makes a process", running)
            tab("ns.inode(1234, \"\t", "  type: \"mnt\", \"uts\"", running)
            running.leave()
        }

        /// ⇥ runs no code of the user's.
        @Test func nothingRuns() {
            let running = Running.prompt()
            running.enter("calls = 0; trap = setmetatable({}, { __index = function() calls = calls + 1 end })")
            running.type("trap.x\t\ttrap.y.\t\ttrap:\t\t\u{3}")
            running.expect("nssh> ", from: running.expect("^C"))
            #expect(running.enter("calls") == "0\r\n")
            running.leave()
        }

        /// Lines before count too.
        @Test func itKnowsTheLinesBefore() {
            let running = Running.prompt()
            running.enter("ns.clone{", until: "   >> ")
            let from = running.stdout.count
            running.type("us\t")
            running.expect("user = ", from: from)
            running.type("\u{3}")
            running.expect("nssh> ", from: from)
            running.leave()
        }

        @Test func examplesAreRun() {
            let running = Running.prompt()
            #expect(running.enter(":example ns.types").contains("assert(ns.types()"))
            #expect(running.enter(":example ns.tipes").contains("did you mean"))
            #expect(running.enter("?uts").contains("uts_namespaces(7)"))
            #expect(running.enter("help \"propagation\"").contains("mnt.propagation"))
            running.leave()
        }

        /// A value's own `__tostring` is the only code that showing runs, and ^C ends it.
        @Test func showingCanBeInterrupted() {
            let running = Running.prompt()
            let from = running.stdout.count
            running.type("setmetatable({}, { __tostring = function() io.write('o', 'n') io.flush() while true do end end })\r")
            let on = running.expect("on", from: running.expect("\n", from: from))
            running.type("\u{3}")
            running.expect("interrupted", from: on, timeout: 5)
            running.expect("nssh> ", from: running.expect("interrupted\r\n", from: on))
            #expect(running.enter("1 + 1") == "2\r\n")
            running.leave()
        }

        @Test(
            arguments: [("xterm", nil, true), ("xterm", "", true), ("xterm", "1", false), ("dumb", nil, false)] as [(String, String?, Bool)]
        )
        func coloursAreForTerminals(_ term: String, _ noColor: String?, _ hasColours: Bool) {
            let running = Running.prompt(environment: ["TERM": term, "NO_COLOR": noColor])
            let shown = running.enter("{ key = 1 }")
            #expect(shown.contains("\u{1b}[36mkey\u{1b}[0m") == hasColours, "\(shown.debugDescription)")
            #expect(hasColours || shown.contains("{ key = 1 }\r\n"))
            running.leave()
        }
    }
}
