import Testing

extension Integration {
    /// What goes wrong is a table that names step, target and errno; and nothing is left.
    @Suite struct Failures {
        let leaks = LeakGuard()

        /// Every body kind that has a program, with options that everybody may use.
        @Test(arguments: Identity.available) func programsThatAreNone(_ identity: Identity) {
            lua(
                #"""
                local before = ns.ledger()
                local path = os.tmpname()
                local function file(text, mode) local f <close> = io.open(path, "w") f:write(text) f:close() os.execute("chmod " .. mode .. " " .. path) return path end
                local p <close> = ns.clone(new{ uts = true })
                for name, call in pairs{
                  run = ns.run, clone = ns.clone, shell = ns.shell, there = function(t) return p:run(t) end,
                  new = function(t) t.uts = true t.user = "root" return ns.run(t) end,
                  inner = function(t) t.pid = { proc = true } return ns.clone(new(t)) end,
                } do
                  local function bad(fields, ...) fields.syscall = "execve" fields.stage = "execve" fails(fields, call, { ... }) end
                  bad({ code = "ENOENT", errno = 2, target = "no-such-program", message = "PATH" }, "no-such-program")
                  bad({ code = "ENOENT", errno = 2, target = "/no/such" }, "/no/such", "x")
                  bad({ code = "EACCES", errno = 13, target = "/usr" }, "/usr")
                  bad({ code = "ENOTDIR", errno = 20 }, "/etc/passwd/x")
                  bad({ code = "ENOEXEC", errno = 8, target = path }, file("no program\n", "755"))
                  bad({ code = "ENOEXEC", errno = 8 }, file("", "755"))
                  bad({ code = "EACCES", errno = 13 }, file("#!/bin/sh\n", "644"))
                  bad({ code = "ENOENT", errno = 2 }, file("#!/no/such/interpreter\n", "755"))
                  bad({ code = "E2BIG", errno = 7 }, "true", ("x"):rep(140000))
                  local many = { "true" } for i = 2, name == "run" and 23 or 1 do many[i] = ("y"):rep(120000) end
                  if #many > 1 then fails({ code = "E2BIG", errno = 7, stage = "execve" }, call, many) end
                  for _, argv in ipairs{ { "echo", "a\0b" }, { "ec\0ho" } } do
                    local ok, e = pcall(call, argv)
                    eq(ok, false) has(e, "zero byte")
                  end
                  fails({ code = "ENOENT", target = "no-such-program" }, call, { "no-such-program", argv0 = "alias" })
                  fails({ code = "ENOENT", target = "/no/such" }, call, { "/no/such", argv0 = "alias" })
                  fails({ code = "EINVAL", message = "empty" }, call, { "" })
                end
                -- One that may not be executed is told of, also when it is missing in the rest of PATH; one that may be is taken from there.
                local directory = path .. ".d"
                os.execute(("mkdir %s && touch %s/echo %s/no-such-program"):format(directory, directory, directory))
                local env = { PATH = directory .. ":/usr/bin:/bin:/nonesuch" }
                fails({ code = "EACCES", syscall = "execve" }, ns.run, { "no-such-program", env = env })
                eq(ns.run{ "echo", "x", env = env }:check().stdout, "x\n")
                os.execute("rm -r " .. directory)
                os.remove(path)
                p:close()
                local since = ns.ledger():since(before)
                for _, item in ipairs(since) do if item.kind ~= "descriptor" then error(tostring(since)) end end
                """#, as: identity)
        }

        @Test(arguments: Identity.available) func stepsAfterTheCloneAreNamed(_ identity: Identity) {
            lua(
                #"""
                -- once before: what nssh keeps open from the first time on is no loss
                ns.clone(new{ uts = true }):close()
                ns.clone(new{ uts = true, "true" }):close()
                ns.call(new{ uts = true }, function() end)
                collectgarbage()
                local before = ns.ledger()
                local bodies = {
                  held = function(t) return ns.clone(t) end,
                  program = function(t) t[1] = "true" return ns.clone(t) end,
                  run = function(t) t[1] = "true" return ns.run(t) end,
                  body = function(t) t[1] = function() end return ns.clone(t) end,
                  call = function(t) return ns.call(t, function() end) end,
                }
                local function every(fields, make)
                  for name, body in pairs(bodies) do
                    local ok, e = pcall(fails, fields, body, make())
                    if not ok then error(name .. ": " .. tostring(e), 2) end
                  end
                end
                every({ code = "EINVAL", errno = 22, syscall = "sethostname", stage = "sethostname", message = "64 bytes" }, function() return new{ uts = ("n"):rep(65) } end)
                every({ code = "EINVAL", errno = 22, syscall = "setdomainname", stage = "setdomainname" }, function() return new{ uts = { domainname = ("n"):rep(65) } } end)
                every({ code = "ENOENT", errno = 2, syscall = "chdir", stage = "chdir", target = "/no/such" }, function() return new{ uts = true, cwd = "/no/such" } end)
                every({ code = "ENOTDIR", errno = 20, syscall = "chdir", target = "/etc/passwd" }, function() return { cwd = "/etc/passwd" } end)
                every({ code = "EINVAL", errno = 22, stage = "setresuid" }, function() return { user = "root", uid = 77 } end)
                every({ code = "EINVAL", errno = 22, stage = "setresgid" }, function() return { user = "root", gid = 77 } end)
                every({ code = "ERANGE", errno = 34, stage = "write timens_offsets" }, function() return new{ time = { monotonic = -1e9 } } end)
                every({ code = "EINVAL", errno = 22, stage = "write uid_map" }, function() return { user = { uid = { { 0, 0, 1 }, { 0, 1, 1 } } } } end)
                if not is_root then
                  every({ code = "EPERM", errno = 1, syscall = "clone3", target = "CLONE_NEWUTS", message = "CAP_SYS_ADMIN" }, function() return { uts = true } end)
                  every({ code = "EPERM", errno = 1, stage = "setresuid" }, function() return { uid = 0 } end)
                  -- a fresh /proc of a pid namespace that is not one's own
                  every({ code = "EPERM", errno = 1, stage = "mount /proc", message = "add pid = true" }, function() return { user = "root", mnt = { proc = true } } end)
                end
                collectgarbage()
                local since = ns.ledger():since(before)
                eq(#since, 0, tostring(since))
                """#, as: identity)
        }

        /// Where nssh refuses before the kernel would have, step, target and errno are there as well.
        @Test(arguments: Identity.available) func whatNsshRefusesItself(_ identity: Identity) {
            lua(
                #"""
                local p <close> = ns.clone(new{ uts = true })
                local uts, gone = p:open("uts"), p:open("uts")
                gone:close()
                local link = ("uts:[%d]"):format(p:inode("uts"))
                fails({ code = "CLOSED", errno = 9, stage = "use handle", target = link }, gone.inode, gone)
                fails({ code = "CLOSED", errno = 9, stage = "use handle", target = link }, ns.setns, gone)
                fails({ code = "EINVAL", errno = 22, stage = "NS_GET_NSTYPE", target = link }, ns.open, uts, "net")
                fails({ code = "EINVAL", errno = 22, stage = "read target", target = "-3" }, ns.open, -3)
                fails({ code = "EINVAL", errno = 22, stage = "read target", target = "nope" }, ns.open, "nope")
                fails({ code = "EINVAL", errno = 22, stage = "open", target = "self" }, ns.open, "self")
                fails({ code = "ENOENT", errno = 2, stage = "look through /proc", target = "inode 4026500000" }, ns.open, 4026500000)
                fails({ code = "EINVAL", errno = 22, stage = "setns", target = "self" }, ns.setns, "self", {})
                p:close()
                local name = "process " .. p.pid
                fails({ code = "ENDED", errno = 3, target = name, stage = "look at /proc" }, p.inode, p, "uts")
                fails({ code = "ENDED", errno = 3, target = name, stage = "setns" }, ns.setns, p)
                fails({ code = "ENDED", errno = 3, target = name, stage = "setns" }, p.run, p, { "true" })
                fails({ code = "CLOSED", errno = 3, target = name, stage = "kill" }, p.kill, p)
                local q = ns.clone{ "true" } q:wait()
                fails({ code = "ENDED", errno = 3, target = "process " .. q.pid, stage = "kill" }, q.kill, q)
                """#, as: identity)
        }

        /// All of it may have come in one last piece.
        @Test func tooMuchOutputIsAnError() {
            lua(
                #"""
                fails({ code = "LIMIT", target = "stdout" }, ns.run, { sh = "head -c 67108900 /dev/zero" })
                fails({ code = "LIMIT", target = "stderr" }, ns.run, { sh = "cat /dev/zero >&2" })
                eq(#ns.run{ sh = "head -c 67108864 /dev/zero" }.stdout, 64 << 20)
                """#, as: Identity.available[0])
        }

        @Test func misspelledOptionsAreNamed() {
            lua(
                #"""
                local function wrong(part, f, ...) local ok, e = pcall(f, ...) eq(ok, false) has(e, part) end
                wrong("unknown option 'utz' for ns.clone; did you mean 'uts'?", ns.clone, { utz = true })
                wrong("did you mean 'stdout'?", ns.run, { "true", stdou = "null" })
                wrong("did you mean 'hostname'?", ns.run, { "true", uts = { hostnam = "x" } })
                wrong("nothing to run", ns.run, {})
                wrong("'pipe'" and "pipe", ns.run, { "true", stdout = "pipe" })
                wrong("both sh and a body", ns.run, { "true", sh = "true" })
                wrong("standard streams", ns.clone, { stdout = "null" })
                wrong("args are for a function body", ns.run, { "true", args = {} })
                wrong("timeout", ns.run, { "true", timeout = -1 })
                wrong("uts: boolean, string", ns.clone, { uts = print })
                wrong("closed", ns.run, { "true", stdin = (function() local f = io.open("/etc/passwd") f:close() return f end)() })
                wrong("function", ns.call, {}, 1)
                wrong("argv0: it cannot contain a zero byte", ns.run, { "true", argv0 = "a\0b" })
                wrong("[2]: it cannot contain a zero byte", ns.run, { "true", "a\0b" })
                wrong("#1 to 'ns.open' (it cannot contain a zero byte)", ns.open, "/proc/self/ns/uts\0x")
                wrong("next children", ns.unshare, { pid = { proc = true } })
                """#, as: Identity.available[0])
        }

        @Test(arguments: Identity.available) func aLimitIsNamed(_ identity: Identity) {
            lua(
                #"""
                ns.unshare{ user = "root" }
                local f <close> = io.open("/proc/sys/user/max_uts_namespaces", "w")
                f:write("0") f:close()
                for _, call in ipairs{ ns.clone, function(t) t[1] = "true" return ns.run(t) end, function(t) return ns.call(t, print) end } do
                  fails({ code = "ENOSPC", errno = 28, syscall = "clone3", message = "ns.limits()" }, call, { uts = true })
                end
                fails({ code = "ENOSPC", syscall = "unshare" }, ns.unshare, { uts = true })
                eq(ns.limits().max_uts_namespaces, 0)
                """#, as: identity)
        }

        @Test func descriptorsThatRunOutAreAnError() {
            lua(
                #"""
                local files, why = {}, nil
                repeat local f f, why = io.open("/dev/null") files[#files + 1] = f until not f
                for name, call in pairs{
                  held = function() ns.clone{ user = "root" } end, run = function() ns.run{ "true" } end,
                  call = function() ns.call({}, print) end, open = function() ns.open("self", "uts") end,
                } do fails({ code = "EMFILE", errno = 24 }, call) end
                for i = 1, 30 do files[i]:close() end
                eq(ns.run{ "true" }.ok, true)
                eq(ns.call({}, function() return 7 end), 7)
                """#, as: Identity.available[0])
        }
    }
}
