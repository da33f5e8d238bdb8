import Glibc
import Testing

extension Integration {
    /// The harness sees what it is there to see.
    @Suite struct Harness {
        let leaks = LeakGuard()

        @Test(arguments: ["sleep 60 & exit 0", "setsid -f sleep 60; exit 0", "exec setsid -w sh -c 'sleep 60 & exit 0'"])
        func aProcessThatIsLeftBehindFailsTheTest(_ line: String) {
            withKnownIssue {
                _ = sh(line)
            } matching: {
                "\($0)".contains("sleep")
            }
        }

        @Test func aRunThatDoesNotEndFailsTheTest() {
            withKnownIssue {
                _ = sh("sleep 60", timeout: 0.2)
            } matching: {
                "\($0)".contains("not done after 0.2 s")
            }
        }

        @Test func aFileThatIsLeftBehindFailsTheTest() {
            let path = "\(Place.directory)/left"
            withKnownIssue {
                let leaks = LeakGuard(patience: 0)
                Place.write(path, [])
                withExtendedLifetime(leaks) {}
            } matching: {
                "\($0)".contains(path)
            }
            Place.remove(path)
        }

        @Test(.enabled(if: geteuid() == 0)) func aMountThatIsLeftBehindFailsTheTest() {
            let path = "\(Place.directory)/mounted"
            mkdir(path, 0o700)
            withKnownIssue {
                let leaks = LeakGuard(patience: 0)
                #expect(mount("none", path, "tmpfs", 0, nil) == 0)
                withExtendedLifetime(leaks) {}
            } matching: {
                "\($0)".contains("tmpfs")
            }
            umount2(path, 2)
            Place.remove(path)
        }

        /// In a script, `swift test &` and nohup(1) are started with some signals ignored; what they run is not.
        @Test func aRunIgnoresNoSignals() {
            let old = [SIGINT, SIGQUIT, SIGHUP, SIGPIPE].map { ($0, signal($0, SIG_IGN)) }
            let result = run("^SigIgn:", "/proc/self/status", program: "/bin/grep")
            for (number, handler) in old { signal(number, handler) }
            // Those above 31 have no default that matters.
            #expect(Int(result.stdout.split(separator: "\t").last?.dropLast() ?? "", radix: 16).map { $0 & 0x7fff_ffff } == 0, "\(result)")
        }

        @Test func whatComesInPiecesIsWaitedFor() {
            let running = Running(Start(arguments: ["-c", "read x; echo got $x; read y; exit $y"], program: "/bin/sh", input: .pipe))
            running.type("a\n")
            running.expect("got a\n")
            running.type("7\n")
            #expect(running.end().status == 7)
        }
    }
}
