import Glibc
import Testing

extension Integration {
    /// A function body is a copy of nssh: what it must not share, and what it must not do to the original.
    @Suite struct Copies {
        let leaks = LeakGuard()

        /// nssh has read all of its input ahead; a body with another standard input does not see that.
        @Test(arguments: Identity.available) func inputThatWasReadAhead(_ identity: Identity) {
            let chunk = #"""
                eq(io.read("l"), "a")
                eq(ns.call({}, io.read, "a"), "")
                eq(ns.call({ stdin = { data = "x\ny\n" } }, io.read, "a"), "x\ny\n")
                eq(ns.run{ io.read, stdin = "data\n" }.values[1], "data")
                eq(io.read("a"), "b\nc\n")
                eq(ns.call({ stdin = { data = "more" } }, io.read, "a"), "more", "after the end of the own input")
                """#
            let result = run("-e", prelude, "-e", chunk, as: identity, stdin: .data(Array("a\nb\nc\n".utf8)))
            #expect(result.status == 0, "\(result)")
        }

        /// exit(3) sets a file that is read to where its reader is; nssh, which has read on, would read that twice.
        @Test(arguments: Identity.available) func filesThatAreRead(_ identity: Identity) {
            lua(
                #"""
                local name = os.tmpname()
                local out <close> = io.open(name, "w")
                for i = 1, 3000 do out:write(i, "\n") end
                out:flush()
                local f <close> = io.open(name)
                os.remove(name)
                eq(f:read("n"), 1)
                local r = ns.run{ function() io.write("written") os.exit(7) end }
                eq(r.status, 7) eq(r.stdout, "written")
                eq(ns.run{ function() ns.clone{ "sleep", "60" } os.exit(true) end }.status, 0)
                local last, count = nil, 1
                for n in f:lines("n") do last, count = n, count + 1 end
                eq(count, 3000) eq(last, 3000)
                """#, as: identity)
        }

        /// ^C is an error in it; what ends nssh ends it at once: it has nothing to clean up that nssh does not.
        @Test(arguments: Identity.available) func signalsForAFunction(_ identity: Identity) {
            lua(
                #"""
                for _, name in ipairs{ "INT", "TERM", "HUP" } do
                  local p <close> = ns.clone{ stdout = "pipe", function() io.write("up\n") io.flush() sys.sleep(60) end }
                  p.stdout:read("l")
                  p:kill(name)
                  local r = p:wait(10)
                  eq(r.signal, name ~= "INT" and "SIG" .. name or nil) eq(r.ok, false)
                end
                """#, as: identity)
        }

        @Test func streamsOfACall() {
            lua(
                #"""
                local name = os.tmpname()
                ns.call({ stdout = name, stderr = "null" }, function() io.write("out") io.stderr:write("err") end)
                local f <close> = io.open(name)
                os.remove(name)
                eq(f:read("a"), "out")
                """#, as: Identity.available[0])
        }

        @Test func moreArgumentsThanRoom() {
            lua(
                #"""
                local function count(...) return select("#", ...) end
                local many = {} for i = 1, 700000 do many[i] = i end
                has(select(2, pcall(ns.call, {}, count, table.unpack(many))), "too many arguments")
                has(ns.run{ count, args = { n = 1 << 40 } }.error, "too many arguments")
                has(ns.run{ count, args = { n = 1000000 } }.error, "too many arguments")
                eq(ns.run{ count, args = { 1, n = 5000 } }.values[1], 5000)
                has(select(2, pcall(ns.call, {}, function() return table.unpack(many, 1, 300000) end)), "at most 200000")
                """#, as: Identity.available[0])
        }

        /// The kernel forgets PR_SET_PDEATHSIG of a process that joins the user namespace of somebody else.
        @Test(.enabled(if: geteuid() == 0)) func endsWithNsshWhereverItHasGone() {
            let chunk = #"""
                theirs = ns.clone{ uid = 65534, gid = 65534, stdout = "pipe", "unshare", "-Ur", "sh", "-c", "echo on; exec sleep 60" }
                theirs.stdout:read("l")
                local pid = theirs.pid
                body = ns.clone{ function() ns.setns(pid, "user") print("joined") io.flush() while true do pcall(sys.sleep, 60) end end }
                sys.sleep(60)
                """#
            let running = Running(Start(arguments: ["-e", prelude, "-e", chunk]))
            running.expect("joined\n")
            running.kill(SIGKILL)
            #expect(running.end(timeout: 5).signal == SIGKILL)
        }
    }
}
