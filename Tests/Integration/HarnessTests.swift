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

        @Test func whatComesInPiecesIsWaitedFor() {
            let running = Running(Start(arguments: ["-c", "read x; echo got $x; read y; exit $y"], program: "/bin/sh", input: .pipe))
            running.type("a\n")
            running.expect("got a\n")
            running.type("7\n")
            #expect(running.end().status == 7)
        }
    }
}
