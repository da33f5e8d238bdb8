import Testing

extension Integration {
    /// Where the /proc that nssh found counts pids otherwise than nssh does: in a function body in a pid namespace of its own, and
    /// in nssh itself when it was started in one without a fresh /proc.
    @Suite struct PidNumbers {
        let leaks = LeakGuard()

        static let chunk = #"""
            local function look()
              local q <close> = ns.clone{ uts = true }
              assert(q:inode("uts") ~= ns.inode("self", "uts"), "its own uts namespace, not that of another process of this number")
              assert(ns.inode(q.pid, "uts") == q:inode("uts"))
              assert(ns.inode(sys.getpid(), "user") == ns.inode("self", "user"))
              assert(q.inner_pid == q.pid)
              local h <close> = q:open("uts")
              local pids = h:processes()
              assert(#pids == 1 and pids[1] == q.pid)
              assert(q:run{ "readlink", "/proc/self/ns/uts" }.stdout:find(q:inode("uts"), 1, true))
              local before = ns.ledger()
              local sleeper <close> = ns.clone{ "sleep", "60" }
              assert(tostring(ns.ledger():since(before)):find(" sleep ", 1, true))
            end
            """#

        @Test(arguments: Identity.available) func inAFunctionBody(_ identity: Identity) {
            lua(
                PidNumbers.chunk + #"""

                    ns.call(new{ pid = true }, look)
                    local p <close> = ns.clone(new{ pid = true })
                    p:call(look)
                    -- nssh writes these maps below /proc: of the right process
                    local ids = ns.call(new{ pid = true }, function() return ns.run{ user = "root", "id", "-u" }:check().stdout end)
                    eq(ids, "0\n")
                    -- what a body leaves running ends with it, and nothing else in the namespace does
                    local init <close> = ns.clone(new{ pid = true, stdout = "pipe", "bash", "-c", "sleep 60 & sleep 60 & sleep 60 & echo on; wait -n" })
                    init.stdout:read("l")
                    init:call(function() ns.run{ sh = "setsid sleep 60 & sleep 0.05" } ns.clone{ "sleep", "60" } end)
                    eq(init:wait(0.1), nil, "its init waits for the first of its children to end")
                    """#, as: identity)
        }

        @Test(arguments: Identity.available) func whereNsshWasStarted(_ identity: Identity) {
            let flags = identity == .root ? "-pf" : "-Urpf"
            let result = Running(
                Start(
                    arguments: [
                        flags, "--kill-child", Place.program, "-e", prelude, "-e",
                        PidNumbers.chunk + " look() look() print(ns.run{ user = 'root', 'id', '-u' }:check().stdout)",
                    ], program: "/usr/bin/unshare", identity: identity)
            ).end()
            #expect(result.stdout == "0\n\n", "\(result)")
        }
    }
}
