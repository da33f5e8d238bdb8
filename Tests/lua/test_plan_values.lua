-- ns.plan: values that another tool, the shell or Go could take for something else.
local check = require "check"
local here = require "here"
local mapped = require "mapped"
local root = sys.geteuid() == 0
local tests = {}

-- Values that a tool or the shell could take for something else. The command line does what nssh does, or is refused by the option's name.
local hostile = {}
local function said_alike(text) hostile[#hostile + 1] = { text } end
local function refused_as(option, text) hostile[#hostile + 1] = { text, option } end

local bad_names = { "-f", "-b", "-F/etc/hostname", "--help", "--", "", "a_b", "a b", "a.", ".a", "a..b", "a-.b", "it's", "\n", "b\xffx" }
for _, name in ipairs(bad_names) do
  refused_as("uts.hostname", ("uts = %q, ROOT, 'hostname'"):format(name))
  refused_as("uts.domainname", ("uts = { domainname = %q }, ROOT, 'cat', '/proc/sys/kernel/domainname'"):format(name))
end
refused_as("uts.hostname", ("uts = %q, ROOT, 'hostname'"):format(("a"):rep(65)))
for _, name in ipairs{ "a-b.c", "127.0.0.1", ("a"):rep(64), "X--1" } do
  said_alike(("uts = %q, ROOT, 'hostname'"):format(name))
  said_alike(("uts = { domainname = %q }, ROOT, 'cat', '/proc/sys/kernel/domainname'"):format(name))
end

for _, seconds in ipairs{ "0", "0.0", "1e-7", "5e-324", "1e9", "1e300" } do
  refused_as("timeout", "timeout = " .. seconds .. ", 'sleep', '0.01'")
end
for _, seconds in ipairs{ "0.001", "0.0123", "1/3" } do said_alike("timeout = " .. seconds .. ", 'sleep', '5'") end
for _, seconds in ipairs{ "30", "30.25", "999999999", "99999999.9999999" } do said_alike("timeout = " .. seconds .. ", 'echo', 'x'") end

-- Names of builtins, keywords and assignments, and what a shell does with other first words.
local words = {
  { "cd", "/" }, { "exit", "0" }, { "eval", "true" }, { "exec", "true" }, { ".", "/dev/null" }, { ":", "" },
  { "time", "true" }, { "!", "false" },
  { "if", "true" }, { "{", "}" }, { "[[", "a" }, { "alias", "a=b" }, { "export", "A=b" }, { "%1", "" },
  { "~", "" }, { "#", "" }, { "*", "" }, { "\n", "" }, { "", "" }, { "a b", "" },
}
for _, word in ipairs(words) do
  for _, before in ipairs{ "", "timeout = 30, ", "uts = 'box', ROOT, ", "cwd = '/', " } do
    said_alike(("%s%q, %q"):format(before, word[1], word[2]))
  end
end
for _, word in ipairs{ "A=b", "=", "A+=b", "PATH=" } do
  refused_as("the body", ("%q, 'true'"):format(word))
  refused_as("the body", ("cwd = '/', %q, 'true'"):format(word))
  said_alike(("timeout = 30, %q, 'true'"):format(word))
  said_alike(("ROOT, %q, 'true'"):format(word))
end
said_alike("'./A=b', 'true'")
said_alike("'/nonesuch/A=b', 'true'")
for _, word in ipairs{ "-x", "--", "-" } do refused_as("the body", ("%q, 'true'"):format(word)) end
-- These are programs and builtins, which differ.
said_alike[["echo", "a\\nb\\c", "-e"]]
said_alike[["printf", "%q", "a b"]]
said_alike[["printf", "%s|", "2", "2>x", "&", ";", "-", "--", "A=b", "#", "", "\xff'", "`x`", "\\"]]

for _, value in ipairs{ "", "=", "-i", "a=b", "\n", "it's", "\xff", "$x" } do
  said_alike(("clear_env = true, env = { A = %q, ['a-b'] = %q }, '/usr/bin/env'"):format(value, value))
end
for _, name in ipairs{ "-", "-i", "--", "-u", "--chdir" } do
  refused_as("env", ("clear_env = true, env = { [%q] = '1' }, '/usr/bin/env'"):format(name))
  said_alike(("env = { [%q] = false }, 'true'"):format(name))
end
refused_as("env", "env = { PATH = false }, 'true'")
said_alike("env = { PATH = '' }, cwd = '/', 'usr'")
said_alike("env = { PATH = '/usr' }, 'true'")
for _, directory in ipairs{ "", "-", "--help", "/nonesuch", "/usr/../usr" } do said_alike(("cwd = %q, 'pwd'"):format(directory)) end

refused_as("stdout", "stdout = '/dev/tcp/127.0.0.1/1', 'true'")
said_alike("stdin = { path = '/etc/passwd' }, 'cat'")
said_alike("stdin = { path = '/etc/../etc/passwd' }, ROOT, uts = 'box', 'cat'")
said_alike("stdin = { path = '/nonesuch/$x' }, 'cat'")
if root then
  for _, user in ipairs{ "root", "self" } do refused_as("user", ("user = %q, 'cat', '/proc/self/setgroups'"):format(user)) end
end
said_alike("SELF, 'cat', '/proc/self/setgroups'")

tests["hostile values are said just so in a command line, or refused by the option"] = function()
  here.need_user_namespaces()
  local function run(options)
    options.stdout = options.stdout or "capture"
    local ok, result = pcall(ns.run, options)
    return ok and result.ok and result.stdout or "it fails"
  end
  for _, value in ipairs(hostile) do
    local text, option = value[1], value[2]
    local options = mapped.options(text)
    local plan = ns.plan(options())
    if option then
      check.eq(plan.command, nil, text)
      check.eq(plan.inexpressible.command:match("^(.-): "), option, text .. ": " .. plan.inexpressible.command)
    else
      check.eq(plan.inexpressible.command, nil, text)
      check.eq(run{ sh = plan.command }, run(options()), text .. ": " .. plan.command)
    end
  end
end

tests["a string as stdin is refused in a plan, and said in both ways"] = function()
  check.fails(function() ns.plan{ "cat", stdin = "/etc/hosts" } end, "path in ns.clone and data in ns.run.*{ path = .*{ data = ")
  check.eq(ns.run{ "cat", stdin = { path = "/etc/hostname" } }.stdout, ns.run{ "cat", "/etc/hostname" }.stdout)
  check.fails(function() ns.run{ "cat", stdin = {} } end, "one of data and path")
  check.fails(function() ns.run{ "cat", stdin = { path = "/etc/hosts", data = "" } } end, "one of data and path")
  check.fails(function() ns.run{ "cat", stdin = { path = "" } } end, "an empty path")
end

tests["setgroups = \"deny\" holds without a map of gid too"] = function()
  here.need_user_namespaces()
  local r = ns.run{ user = { uid = { { 0, sys.geteuid(), 1 } }, setgroups = "deny" }, "cat", "/proc/self/setgroups" }
  check.eq(r.stdout, "deny\n")
end

tests["Go says no value that it would take for another"] = function()
  check.match(ns.plan{ "true", cwd = "" }.inexpressible.go, "^cwd: ")
  check.match(ns.plan{ "true", user = { uid = { { 0, sys.geteuid(), 1 } }, setgroups = "deny" } }.inexpressible.go, "^user.setgroups: ")
  local options = { "A=b", "\u{feff}", "\u{2028}\r\001", "\xed\xa0\x80", "é\xff", "`\"\\", argv0 = "", env = { ["-i"] = "=" }, cwd = "-" }
  local go = ns.plan(options).go
  check.match(go, '"A=b", "\\xef\\xbb\\xbf", "\u{2028}\\x0d\\x01", "\\xed\\xa0\\x80", "\\xc3\\xa9\\xff", "`\\"\\\\"%)')
  check.match(go, 'cmd%.Args%[0%] = ""\ncmd%.Dir = "%-"\n')
  check.match(go, '"%-i=="')
end

return tests
