-- What bundled scripts remember: files that are looked at closely, since root may run them with a user's HOME.
local check = require "check"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")

local Directory = { __close = function(self) ns.run{ "rm", "-rf", self.path } end }

local function directory()
  return setmetatable({ path = ns.run{ "mktemp", "-d", "/tmp/nssh-test.XXXXXX" }:check().stdout:match("%g+") }, Directory)
end

local function content(path)
  local file <close> = io.open(path)
  return file and file:read("a")
end

-- What nssh prints that remembers things there.
local function remembering(there, chunk)
  local words = { nssh, "-e", 'local state = require "nssh.state"\n' .. chunk }
  return ns.run{ timeout = 20, env = { XDG_STATE_HOME = there.path }, table.unpack(words) }:check().stdout
end

tests["what is written is read by the next one, who may replace it"] = function()
  local there <close> = directory()
  check.eq(remembering(there, [[print(state.read("course"))]]), "\n")
  check.eq(remembering(there, [[print(state.write("course", "a longer one\n"))]]), "true\n")
  check.eq(remembering(there, [[io.write(state.read("course")) print(state.write("course", "uts\n")) io.write(state.read("course"))]]),
    "a longer one\ntrue\nuts\n")
  check.eq(content(there.path .. "/nssh/course"), "uts\n")
  check.eq(sys.stat(there.path .. "/nssh/course").mode, 384) -- 0600
  check.eq(sys.stat(there.path .. "/nssh").mode, 448) -- 0700
end

tests["a link is followed neither to read nor to write"] = function()
  local there <close> = directory()
  ns.run{ "sh", "-c", 'cd "$1" && mkdir nssh && echo data >victim && ln -s ../victim nssh/course', "sh", there.path }:check()
  local chunk = [[print(state.read("course")) print(state.write("course", "x"))]]
  local line = ("nil\t%s/nssh/course is not a regular file; nssh remembers things only in a file of uid %d's own, "
    .. "and follows no link to it\n"):format(there.path, sys.geteuid())
  check.eq(remembering(there, chunk), line .. line)
  check.eq(content(there.path .. "/victim"), "data\n")
end

tests["a fifo keeps nobody waiting"] = function()
  local there <close> = directory()
  ns.run{ "sh", "-c", 'cd "$1" && mkdir nssh && mkfifo nssh/course', "sh", there.path }:check()
  check.match(remembering(there, [[print(state.read("course"))]]), "^nil\t.* is not a regular file;")
end

tests["no other name leads anywhere else"] = function()
  local there <close> = directory()
  for _, name in ipairs{ "../x", "a/b", "", "A", "a.b", "a\0b" } do
    local refusal = name:find("\0") and "cannot contain a zero byte" or "small letters expected"
    check.match(remembering(there, ("print(pcall(state.read, %q))"):format(name)), "^false\t.*" .. refusal)
  end
  check.eq(sys.readdir(there.path), {})
end

return tests
