-- nssh ls, tree, why and find, as a shell calls them; nssh enter has a file of its own. What lsns(8) shows, both show.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")
local function run(...) return ns.run{ timeout = 60, nssh, ... } end

local function lines(text)
  local list = {}
  for line in text:gmatch("[^\n]+") do list[#list + 1] = line end
  return list
end

tests["every command has help that names all of its options"] = function()
  for _, name in ipairs{ "ls", "tree", "why", "find", "enter" } do
    for _, word in ipairs{ "--help", "-h" } do
      local r = run(name, word)
      check.eq({ r.status, r.stderr }, { 0, "" }, name)
      check.match(r.stdout, "^usage: nssh " .. name .. " ")
      check.match(r.stdout, "\n  %-h, %-%-help ")
      check.match(r.stdout, "Exit code: ")
      for _, line in ipairs(lines(r.stdout)) do check.ok(utf8.len(line) <= 140, line) end
    end
  end
end

tests["a wrong option is named, with the nearest"] = function()
  for _, case in ipairs{
    { 2, "'%-%-noheadings' takes no value", "ls", "--noheadings=" }, { 2, "did you mean '%-%-output'", "ls", "--outputt" },
    { 2, "'%-x'", "ls", "-x" }, { 2, "did you mean 'NPROCS'", "ls", "-o", "NS,NPROC" }, { 2, "did you mean 'net'", "ls", "-t", "nett" },
    { 2, "did you mean 'mount'", "ls", "--holder", "mounts" }, { 2, "unexpected 'b'", "ls", "self", "b" },
    { 2, "a number from 1", "ls", "-p", "0" }, { 2, "a number from 1", "ls", "-p", "x" },
    { 2, "exclude each other", "ls", "--quick", "--deep" },
    { 2, "did you mean 'owner'", "tree", "--by", "owne" }, { 2, "unexpected 'x'", "tree", "x" },
    { 2, "NAMESPACE is missing", "why" }, { 2, "self is in a namespace of each type", "why", "self" }, { 2, "NAME is missing", "find" },
    { 2, "no user is called", "ls", "--uid", "nssh-nobody" }, { 1, "", "find", "nssh-no-such-name" },
    { 1, "cannot open tre: .*did you mean 'tree'", "tre" },
  } do
    local r = run(table.unpack(case, 3))
    check.eq({ r.status, r.stdout }, { case[1], "" }, case[2])
    check.match(r.stderr, case[2])
  end
end

tests["long names may be cut short where that is unique"] = function()
  check.eq(run("ls", "--nohead", "--typ", "uts", "-o", "type", "self").stdout, "uts\n")
  check.match(run("ls", "--no").stderr, "ambiguous: %-%-noheadings, %-%-notruncate, %-%-nowrap")
end

tests["a script of a command's name is a file"] = function()
  apart.call({ mnt = true }, function()
    sys.mount{ source = "none", target = "/mnt", type = "tmpfs" }
    local file <close> = assert(io.open("/mnt/ls", "w"))
    file:write("print('script', ...)")
    file:close()
    check.eq(ns.run{ cwd = "/mnt", nssh, "./ls", "x" }.stdout, "script\tx\n")
    check.eq(ns.run{ cwd = "/mnt", nssh, "--", "ls" }.stdout, "script\n")
    check.match(ns.run{ cwd = "/mnt", nssh, "ls" }.stdout, "^ *NS TYPE")
  end)
end

tests["ls lists a new namespace, its processes and what they run"] = function()
  local p <close> = apart.clone{ net = true, "sleep", "20" }
  local inode = p:inode("net")
  local found
  apart.eventually(function()
    for _, line in ipairs(lines(run("ls", "-t", "net").stdout)) do
      if line:find(tostring(inode), 1, true) then found = line end
    end
    return found and found:find("sleep 20$")
  end)
  local _, kind, count, pid = found:match("(%d+) (%a+) +(%d+) +(%d+)")
  check.eq({ kind, count, pid }, { "net", "1", tostring(p.pid) })
  check.match(run("ls", tostring(inode)).stdout, "^ *PID +PPID USER +COMMAND\n *" .. p.pid .. " +%d+ %g+ +sleep")
  check.eq(run("ls", ("net:[%d]"):format(inode), "-n").stdout, run("ls", "-n", ("/proc/%d/ns/net"):format(p.pid)).stdout)
  check.eq(run("ls", "-n", "-o", "NS", "-t", "net", tostring(p.pid)).stdout, inode .. "\n")
  check.eq(run("ls", "-n", "-o", "NS", "-t", "net", "--task", tostring(p.pid)).stdout, inode .. "\n")
  check.match(run("ls", "--name", "sleep", "-n", "-o", "NS,TYPE").stdout, inode .. " net\n")
  check.eq(#lines(run("ls", "-n", tostring(p.pid)).stdout), #ns.namespaces(p.pid))
end

tests["ls and lsns say the same of a process"] = function()
  here.need_program("lsns", "util-linux")
  -- In a pid namespace where nothing ends: lsns gives up, without a word, when a process does while it reads it.
  apart.call({ pid = { proc = true } }, function()
    local p <close> = ns.clone{ net = true, uts = true, ipc = true, "sleep", "20" }
    apart.eventually(function()
      local comm <close> = io.open(("/proc/%d/comm"):format(p.pid))
      return comm:read("l") == "sleep"
    end)
    for _, columns in ipairs{ "NS,TYPE,PATH", "NS,TYPE,PNS,ONS", "NS,PID,PPID,UID,USER,COMMAND" } do
      local words = { "-r", "-n", "-o", columns, "-t", "uts", "-p", tostring(p.pid) }
      local ours = lines(run("ls", table.unpack(words)):check().stdout)
      local theirs = lines(ns.run{ "lsns", table.unpack(words) }:check().stdout)
      -- An ordinary user's lsns does not see beyond its user namespace where nssh does not either; an empty cell is written differently.
      check.eq(#ours, #theirs)
      for position, line in ipairs(ours) do check.eq((line:gsub(" %-", " 0")), (theirs[position]:gsub(" $", " 0")), columns) end
    end
  end)
end

tests["ls lists what no process is in, and what holds it"] = function()
  local p = apart.clone{ net = true }
  local handle <close> = p:open("net")
  p:close()
  local inode = handle:inode()
  local found
  apart.eventually(function()
    found = run("ls", "-n", "-P", "-t", "net", "-o", "NS,NPROCS,HOLDERS").stdout
    return found:find(inode .. " +0 descriptor:1")
  end, found)
  check.eq(run("ls", "-n", "-P", "--holder", "process").stdout, "")
  check.match(run("ls", "-n", "--holder", "descriptor", "-o", "ns").stdout, tostring(inode))
  check.eq(run("ls", "-n", "--quick", "-P", "-t", "net"):check().stdout:find(tostring(inode), 1, true), nil)
  local why = run("why", ("net:[%d]"):format(inode))
  check.eq(why.status, 0, why.stderr)
  check.match(why.stdout, ("^net:%%[%d%%] is alive%%.\n"):format(inode))
  check.match(why.stdout, "descriptor %d+ of process " .. sys.getpid())
  check.eq(run("enter", ("net:[%d]"):format(inode), "readlink", "/proc/self/ns/net").stdout, ("net:[%d]\n"):format(inode))
end

tests["ls: columns beside the usual ones come once, and --deep finds what is on its way"] = function()
  local own = tostring(sys.getpid())
  local usual, more = run("ls", "-r", own).stdout:match("^[^\n]*"), run("ls", "-r", "-o", "+NS,ID,TYPE", own).stdout:match("^[^\n]*")
  check.eq(more, usual .. " ID")
  local a, b = sys.socketpair()
  local p = apart.clone{ uts = true }
  local h = p:open("uts")
  local inode = tostring(h:inode())
  ns.send(a, h)
  h:close()
  p:close()
  apart.eventually(function() return not run("ls", "-n", "-t", "uts", "-o", "NS").stdout:find(inode, 1, true) end, "found without --deep")
  check.match(run("ls", "-n", "-t", "uts", "-o", "NS,HOLDERS", "--deep").stdout, inode .. " in_flight:1\n")
  a:close()
  b:close()
end

tests["why: alive, dead, several"] = function()
  local p = apart.clone{ uts = true }
  local link = ("uts:[%d]"):format(p:inode("uts"))
  local word = p.pid .. ":uts"
  local r = run("why", word)
  check.eq(r.status, 0)
  check.match(r.stdout, "^uts:%[%d+%] is alive%.\nHeld for certain by: process " .. p.pid)
  check.match(r.stdout, "kill")
  -- What could not be looked at may change between the two.
  local held = r.stdout:match("^[^\n]+\n[^\n]+\n")
  check.eq(run("why", link).stdout:sub(1, #held), held)
  check.eq(run("why", ("/proc/%d/ns/uts"):format(p.pid)).stdout:sub(1, #held), held)
  local both = run("why", "self:uts", link)
  check.eq(both.status, 0)
  check.eq(select(2, both.stdout:gsub("is alive", "")), 2)
  p:close()
  local gone = apart.eventually(function()
    local dead = run("why", link)
    return dead.status == 1 and dead
  end)
  check.match(gone.stdout, "was not found")
  check.eq(run("why", "self:uts", link).status, 1)
end

tests["tree draws what list lists"] = function()
  local p <close> = apart.clone{ net = true }
  for _, order in ipairs{ "owner", "parent", "process" } do
    local r = run("tree", "--by", order, "--ascii"):check()
    check.eq(r.stdout:find("[\128-\255]"), nil, order)
    check.match(r.stdout, ("user:%%[%d%%]"):format(p:inode("user")), order)
  end
  check.match(run("tree").stdout, ("net:%%[%d%%]"):format(p:inode("net")))
  check.match(run("ls", "-T").stdout, ("net:%%[%d%%]"):format(p:inode("net")))
  check.eq(run("ls", "--tree=parent").stdout:find("net:[", 1, true), nil)
end

tests["tree as a graph and as a page, also without a name of the machine"] = function()
  local p <close> = apart.clone{ net = true }
  local link = ("net:[%d]"):format(p:inode("net"))
  local starts = { dot = "^digraph", mermaid = "^flowchart", html = "^<!doctype html>", json = '^{\n "format": "nssh snapshot"' }
  for format, pattern in pairs(starts) do
    local r = run("tree", "--" .. format):check()
    check.match(r.stdout, pattern)
    check.ok(r.stdout:find(format == "json" and tostring(p:inode("net")) or link, 1, true) or format == "html", format)
    check.eq(run("tree", "--" .. format, "--anonymous"):check().stdout:find(tostring(p:inode("net")), 1, true), nil, format)
  end
  check.match(run("tree", "--dot", "--html").stderr, "exclude each other")
  check.match(run("tree", "--anonymous").stderr, "is for %-%-json")
end

tests["bash completes commands, options and their values"] = function()
  here.need_program("bash")
  local path = (arg[0]:match("^(.*)/") or ".") .. "/../../Scripts/completion/nssh.bash"
  local function complete(...)
    local line = [[source "$0"; COMP_WORDS=(nssh "$@"); COMP_CWORD=$#; _nssh; echo "${COMPREPLY[@]}"]]
    return (ns.run{ "bash", "-c", line, path, ... }:check().stdout:gsub("\n", ""))
  end
  check.match(complete("tr"), "^tree")
  check.eq(complete("ls", "--not"), "--notruncate")
  check.eq(complete("tree", "--by", "p"), "parent process")
  check.eq(complete("enter", "1", "--preserve"), "--preserve-credentials")
end

tests["find"] = function()
  local name = "nssh-find-test"
  local p <close> = ns.clone{ argv0 = name, "sleep", "20" }
  apart.eventually(function() return #ns.find(name) > 0 end)
  local r = run("find", name)
  local uid, user = sys.geteuid(), ns.find(name)[1].sources[1].user
  check.eq(user, (ns.run{ "id", "-un" }.stdout:match("^(%a.*)\n$")))
  local line = ("process %s %d %s yes its own command\n"):format(name, p.pid, user and ("%s (%d)"):format(user, uid) or uid)
  check.eq({ r.status, (r.stdout:gsub(" +", " ")) }, { 0, "KIND NAME PID OWNER VOUCHES SOURCE\n" .. line })
end

-- What a JSON text holds: python3's own reader says it as a Lua table.
local function json(text)
  here.need_program("python3")
  local program = [[
import json, sys
def lua(v):
    if v is None: return 'nil'
    if isinstance(v, bool): return str(v).lower()
    if isinstance(v, (int, float)): return repr(v)
    if isinstance(v, str): return '"' + ''.join('\\%03d' % b for b in v.encode()) + '"'
    if isinstance(v, list): return '{' + ','.join(map(lua, v)) + '}'
    return '{' + ','.join('[' + lua(k) + ']=' + lua(x) for k, x in v.items() if x is not None) + '}'
print('return ' + lua(json.load(sys.stdin)))]]
  return assert(load(ns.run{ stdin = { data = text }, "python3", "-c", program }:check().stdout))()
end

tests["JSON"] = function()
  local p <close> = apart.clone{ net = true, "sleep", "20" }
  local inode = p:inode("net")
  local listed = json(run("ls", "-J", "-t", "net", "-o", "ns,type,pid,nprocs,holders,nsfs"):check().stdout).namespaces
  local found
  for _, row in ipairs(listed) do if row.ns == inode then found = row end end
  check.eq(found, { ns = inode, type = "net", pid = p.pid, nprocs = 1, holders = { process = 1 }, nsfs = {} })
  local members = json(run("ls", "--json", tostring(inode)):check().stdout).processes
  check.eq({ #members, members[1].pid, members[1].ppid }, { 1, p.pid, sys.getpid() })
  local why = json(run("why", "-J", p.pid .. ":net", "self:uts"):check().stdout).why
  check.eq({ #why, why[1].namespace, why[1].alive, why[1].explained }, { 2, ("net:[%d]"):format(inode), true, true })
  check.eq({ why[1].certain[1].kind, why[1].certain[1].pid, why[1].release[1] }, { "process", p.pid, ("kill %d"):format(p.pid) })
  apart.eventually(function() return #ns.find("sleep") > 0 end)
  local seen = json(run("find", "-J", "sleep"):check().stdout)
  local pids = {}
  for _, item in ipairs(seen.found) do pids[item.pid] = item.kind end
  check.eq(pids[p.pid], "process")
  check.eq(json(run("find", "-J", "nssh-no-such-name").stdout).found, {})
end

tests["a snapshot in a file is listed, drawn and explained as the machine it is of"] = function()
  local path = os.tmpname()
  local remove <close> = setmetatable({}, { __close = function() os.remove(path) end })
  check.ok(remove)
  local p = apart.clone{ net = true, "sleep", "20" }
  local inode, pid = p:inode("net"), tostring(p.pid)
  ns.run{ nssh, "tree", "--json", stdout = path }:check()
  p:close()
  check.eq(run("ls", "--from", path, "-n", "-t", "net", "-o", "NS", pid).stdout, inode .. "\n")
  check.match(run("ls", "--from", path, tostring(inode)).stdout, "\n *" .. pid .. " ")
  check.match(run("tree", "--from=" .. path).stdout, ("net:%%[%d%%]; process %s"):format(inode, pid))
  for _, word in ipairs{ pid .. ":net", ("net:[%d]"):format(inode) } do
    local r = run("why", "--from", path, word)
    check.eq(r.status, 0, r.stderr)
    check.match(r.stdout, ("^net:%%[%d%%] is alive%%.\nHeld for certain by: process %s"):format(inode, pid))
  end
  -- The nssh that looked, not the one that lists.
  local own = run("ls", "--from", path, "-n", "-t", "uts", "-o", "NS", "self")
  check.eq({ own.status, own.stdout, own.stderr:match("was found") }, { 0, ns.inode("self", "uts") .. "\n" })
  local named = run("why", "--from", path, "sleep")
  check.eq({ named.status, named.stdout }, { 2, "" })
  check.match(named.stderr, "names no target")
  local broken = run("ls", "--from", "/proc/version")
  check.eq({ broken.status, broken.stdout }, { 2, "" })
  check.match(broken.stderr, "/proc/version: no JSON: it begins")
end

-- A file of others may say anything.
tests["what lives and is not explained is 1; others' words cannot act on the terminal"] = function()
  local path = os.tmpname()
  local remove <close> = setmetatable({}, { __close = function() os.remove(path) end })
  check.ok(remove)
  local file <close> = assert(io.open(path, "w"))
  file:write('{"format":"nssh snapshot","version":1,"time":0,"host":"","kernel":"","uid":0,"own_pid":1,"types":["net"],"users":{},'
    .. '"costs":[],"unreadable":[{"source":"mounts","target":"/a\\u001b[31mb","errno":13}],"namespaces":[{"type":"net","inode":1}],'
    .. '"processes":[]}')
  file:close()
  local why = run("why", "--from", path, "net:[1]")
  check.eq({ why.status, why.stderr }, { 1, "" })
  check.match(why.stdout, "^net:%[1%] is alive%.\nNothing that could be seen holds it for certain%.\n")
  check.match(why.stdout, "mounts of /a\\x1b%[31mb: Permission denied")
  for _, command in ipairs{ "ls", "tree" } do
    local r = run(command, "-v", "--from", path)
    check.eq({ r.status, r.stderr }, { 0, ("nssh: %s: mounts: /a\\x1b[31mb: Permission denied\n"):format(command) })
  end
end

tests["output to a pipe that nobody reads ends by SIGPIPE; where that is ignored, and on a full disk, aloud"] = function()
  for _, words in ipairs{ "ls", "tree --all", "why self:net", "ls --help" } do
    local line = ("{ \"$NSSH\" %s 2>&3; echo $? >&3; } 3>&1 >&4 4>&- | cat"):format(words)
    for _, how in ipairs{ "", "trap '' PIPE; " } do
      -- Descriptor 4 is a pipe whose reader has gone.
      local r = ns.run{ timeout = 60, env = { NSSH = nssh }, "bash", "-c", how .. "exec 4> >(:); wait $!; " .. line }
      local expected = how == "" and "^141\n$" or "^nssh: cannot write to standard output: Broken pipe\n[12]\n$"
      check.match(r.stdout:gsub("nssh: %l+: %d+ things? could not be looked at[^\n]*\n", ""), expected, words)
    end
  end
  local full = ns.run{ timeout = 60, env = { NSSH = nssh }, sh = "\"$NSSH\" ls >/dev/full" }
  check.eq(full.status, 2)
  check.match(full.stderr, "cannot write to standard output: No space left")
end

tests["what could not be looked at is told in one line, or named"] = function()
  -- As nobody, processes of root cannot be looked at, nor directories of root's walked through: nssh may lie in one.
  local function unprivileged(...)
    local words = { "/proc/self/exe", ... }
    return apart.without_privilege(function() return ns.run{ timeout = 60, table.unpack(words) } end)
  end
  local short = unprivileged("ls")
  check.eq(short.status, 0)
  local count = tonumber(short.stderr:match("^nssh: ls: (%d+) things? could not be looked at; %-v names [%g]+\n$"))
  check.ok(count, short.stderr)
  local long = unprivileged("ls", "-v")
  check.eq(long.status, 0)
  check.match(long.stderr, "nssh: ls: processes: [^\n]*: Permission denied\n")
end

return tests
