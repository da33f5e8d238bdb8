import Glibc
import Testing

extension Integration {
    /// What stays behind in a namespace carries nothing of nssh, and copies of nssh keep to themselves.
    @Suite struct Held {
        let leaks = LeakGuard()

        /// Starts nssh with `options` held, and gives its pid; nssh waits for the end of its input.
        private func hold(_ options: String, _ identity: Identity) -> (Running, Int32) {
            let chunk =
                "secret = 'a secret' files = io.open('/etc/passwd') p = ns.clone(\(options)) print('pid ' .. p.pid .. ';') io.flush() io.read()"
            let running = Running(
                Start(arguments: ["-e", prelude, "-e", chunk], identity: identity, input: .pipe, environment: ["SECRET": "a secret"]))
            let end = running.expect(";")
            let text = String(decoding: running.stdout[..<end], as: UTF8.self)
            return (running, Int32(text.dropFirst(4).dropLast()) ?? -1)
        }

        @Test(
            arguments: [
                "new{ uts = true }", "new{ pid = true }", "{ user = 'root' }", "{ user = true, net = true }",
                "new{ mnt = true, time = true }",
            ], Identity.available)
        func theImageIsEmpty(_ options: String, _ identity: Identity) {
            let (running, pid) = hold(options, identity)
            let proc = "/proc/\(pid)"
            #expect(Place.read("\(proc)/environ") == [])
            #expect(Place.read("\(proc)/cmdline").allSatisfy { $0 == 0 })
            #expect(Place.link("\(proc)/exe")?.hasPrefix("/memfd:nssh-held") == true)
            #expect(Place.names("\(proc)/fd") == [])
            let status = Place.text("\(proc)/status")
            // A moment after its exec its memory is not laid out yet.
            #expect(eventually { Place.text("\(proc)/maps").contains("nssh-held") })
            #expect(!Place.text("\(proc)/maps").contains(Place.program))
            let resident = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }?.split(separator: " ").dropFirst().first
            #expect(resident.flatMap { Int($0) } ?? 0 < 200, "\(status)")
            // SIGCHLD is ignored, so that the kernel reaps what it adopts.
            let ignored = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }?.suffix(16)
            #expect((ignored.flatMap { UInt64($0, radix: 16) } ?? 0) & 1 << 16 != 0)
            #expect(status.contains("Threads:\t1\n"))
            running.endInput()
            #expect(running.end().status == 0)
        }

        @Test(
            arguments: ["{ user = 'root', uts = true }", "{ user = true, pid = true }", "new{ net = true, user = 'root' }"],
            Identity.available)
        func itsRootLeadsNowhere(_ options: String, _ identity: Identity) {
            let (running, pid) = hold(options, identity)
            #expect(Place.names("/proc/\(pid)/root") == [])
            #expect(Place.names("/proc/\(pid)/cwd") == [])
            #expect(Place.names("/proc/\(pid)/root/..") == [])
            #expect(Place.names("/proc/\(pid)/root/../../..") == [])
            #expect(open("/proc/\(pid)/root/x", O_WRONLY | O_CREAT, 0o600) < 0)
            running.endInput()
            #expect(running.end().status == 0)
        }

        @Test func itsFileIsNoWayToNssh() {
            let (running, pid) = hold("new{ user = 'root' }", Identity.available[0])
            let before = Place.read(Place.program)
            let file = open("/proc/\(pid)/exe", O_RDWR)
            #expect(file < 0)
            if file >= 0 { close(file) }
            // Nor is what later ones are started from: nobody can write to it, whatever he has.
            let image = open("/proc/\(pid)/exe", O_RDONLY)
            let everything: Int32 = 0xf // F_SEAL_SEAL, _SHRINK, _GROW, _WRITE
            #expect(fcntl(image, 1034) & everything == everything) // F_GET_SEALS
            close(image)
            #expect(Place.read("/proc/\(pid)/exe").count < 4096)
            #expect(Place.read(Place.program) == before)
            running.endInput()
            #expect(running.end().status == 0)
        }

        @Test(arguments: Identity.available) func aHeldInitReaps(_ identity: Identity) {
            lua(
                #"""
                local p <close> = ns.clone(new{ pid = { proc = true } })
                for i = 1, 5 do p:run{ sh = "for i in 1 2 3 4; do (setsid sleep 0 &) ; done; true" }:check() end
                local deadline, zombies = sys.clock() + 5
                repeat zombies = tonumber(p:run{ sh = "cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z'" }.stdout) until zombies == 0 or sys.clock() > deadline
                eq(zombies, 0)
                """#, as: identity)
        }

        /// /proc/PID of an undumpable process belongs to root whoever runs it.
        @Test func copiesAreUndumpable() {
            let identity = Identity.user
            for call in ["ns.call({}, keep)", "p:call(keep)"] {
                let chunk = """
                    local function keep() print(sys.getpid()) io.flush() while true do sys.sleep(60) end end
                    local p <close> = ns.clone{ user = 'root', uts = true }
                    \(call)
                    """
                let running = Running(Start(arguments: ["-e", chunk], identity: identity))
                let end = running.expect("\n")
                let pid = String(decoding: running.stdout[..<(end - 1)], as: UTF8.self)
                var info = stat()
                #expect(stat("/proc/\(pid)/mem", &info) == 0)
                #expect(info.st_uid == 0, "\(call)")
                running.kill(SIGINT)
                #expect(running.end().status == 130)
            }
        }
    }
}
