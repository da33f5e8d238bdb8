-- What others have chosen is shown escaped: in errors and warnings on standard error, and in JSON.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}
local nssh = sys.readlink("/proc/self/exe")

-- C0, DEL, C1, what changes the direction of a line, and what ends one.
local BAD = "\27]0;x\7\127\u{9b}\u{85}\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}\u{2029}\r"

local function is_clean(text, about)
  check.ok(#text > 0, about)
  check.eq(text:find("[\0-\8\11-\31\127]"), nil, (about or "") .. " C0: " .. text)
  for _, code in utf8.codes(text) do
    local bad = code >= 0x80 and code < 0xa0 or code >= 0x2028 and code <= 0x202e or code >= 0x2066 and code <= 0x2069
      or code == 0x200e or code == 0x200f or code == 0x61c
    check.ok(not bad, ("%s U+%04X: %s"):format(about, code, text))
  end
end

tests["errors of scripts and of -e are escaped; line ends and tabs stay"] = function()
  for _, chunk in ipairs{
    "error('a' .. BAD .. '\\nb\\tc')", "error({ message = 'a' .. BAD .. '\\nb\\tc' })",
    "error(setmetatable({}, { __tostring = function() return 'a' .. BAD .. '\\nb\\tc' end }))",
    "ns.call({}, function() error('a' .. BAD .. '\\nb\\tc', 0) end)",
    "ns.run{ sh = \"printf '%s\\\\nb\\\\tc' \\\"$BAD\\\" >&2; exit 3\" }:check()",
    "ns.run{ '/no/' .. BAD .. '\\nb\\tc' }",
  } do
    local r = ns.run{ env = { BAD = BAD }, timeout = 20, nssh, "-e", "BAD = os.getenv('BAD')", "-e", chunk }
    check.eq(r.status, 1, chunk)
    is_clean(r.stderr, chunk)
    check.match(r.stderr, "\\x1b%]0;x\\x07\\x7f\\u{9b}", chunk)
    check.match(r.stderr, "\nb\tc", chunk)
  end
  local value = select(2, pcall(ns.call, {}, function() error("a" .. BAD, 0) end))
  check.ok(tostring(value):find("a" .. BAD, 1, true), "a value is what it was")
end

tests["bytes that are no UTF-8 are shown as such"] = function()
  check.match(ns.run{ nssh, "-e", "error('a\\xff\\xfe', 0)" }.stderr, "^nssh: a\\xff\\xfe\n")
end

tests["tracebacks and syntax errors are escaped"] = function()
  is_clean(ns.run{ nssh, "-e", "load(\"error('x')\", '@\27[2J\u{9b}')()" }.stderr)
  is_clean(ns.run{ nssh, "-e", "x = = '\27[2J'" }.stderr)
  is_clean(ns.run{ nssh, "-e", "\27[2J" }.stderr)
end

tests["warnings are escaped"] = function()
  local r = ns.run{ env = { BAD = BAD }, nssh, "-W", "-e", "local b = os.getenv('BAD') warn('a' .. b, b) local x = _G['u' .. b]" }
  is_clean(r.stderr)
  check.match(r.stderr, "^nssh: warning: a\\x1b")
  check.match(r.stderr, "undefined global 'u\\x1b")
end

tests["what is complained of on the command line is escaped"] = function()
  for _, words in ipairs{
    { "-x" .. BAD }, { "--" .. BAD }, { "/no/" .. BAD }, { "enter", BAD }, { "enter", "-" .. BAD }, { "ls", "--" .. BAD },
    { "ls", "/" .. BAD },
    { "tree", BAD }, { "why", BAD }, { "find", "--" .. BAD }, { "ls", "--from", "/no/" .. BAD }, { "-l", BAD },
  } do
    local r = ns.run{ nssh, table.unpack(words) }
    check.ne(r.status, 0, words[1])
    is_clean(r.stderr, words[1] .. " " .. (words[2] or ""))
  end
end

tests["JSON has escapes of its own for them, and reads back as the same"] = function()
  local name = "n" .. BAD:sub(1, 12)
  local p <close> = apart.clone{ uts = true, argv0 = name, "sleep", "20" }
  local pid = tostring(p.pid)
  for _, words in ipairs{
    { "ls", "-J", "--output-all" }, { "tree", "--json" }, { "why", "-J", "uts:[" .. p:inode("uts") .. "]" },
    { "find", "-J", pid },
  } do
    local r = ns.run{ timeout = 60, nssh, table.unpack(words) }
    check.ok(#r.stdout > 0, words[1] .. ": " .. r.stderr)
    is_clean(r.stdout, words[1])
  end
  check.match(ns.run{ timeout = 60, nssh, "ls", "-J", "-o", "PID,COMMAND" }.stdout, "n\\u001B%]0;x\\u0007\\u007F\\u009B")
  is_clean(ns.graph{ format = "json" }, "graph")
end

tests["a snapshot with such names is read as it was"] = function()
  here.need_user_namespaces()
  local p <close> = apart.clone{ uts = true, argv0 = "n\u{9b}\u{202e}\u{7f}", "sleep", "20" }
  local path = os.tmpname()
  local snapshot = ns.scan()
  snapshot:save(path)
  local file <close> = assert(io.open(path))
  local text = file:read("a")
  local again = ns.load(path)
  os.remove(path)
  is_clean(text, "saved")
  check.match(text, "n\\u009B\\u202E\\u007F")
  local function command(from)
    for _, row in ipairs(from:list{ type = "uts" }) do if row.pid == p.pid then return row.command end end
  end
  check.match(command(again), "^n\u{9b}\u{202e}\u{7f}")
  check.eq(command(again), command(snapshot))
  check.ok(p:alive())
end

return tests
