-- Lua's files as nssh opens them: close-on-exec (test_foreign.lua), and else as the manual and Lua's own messages say.
local check = require "check"
local tests = {}

local File = { __close = function(self) os.remove(self.path) end }
local function file(text)
  local path = os.tmpname()
  local out <close> = assert(io.open(path, "w"))
  out:write(text)
  return setmetatable({ path = path }, File)
end

-- What a chunk raises, without its place.
local function raised(chunk)
  local ok, message = pcall(assert(load(chunk, "=chunk")))
  check.eq(ok, false, chunk)
  return message
end

tests["modes are checked, and any number of b is one"] = function()
  local own <close> = file("text")
  for _, mode in ipairs{ "r", "rb", "r+", "r+b", "a", "ab", "a+", "a+b", "w", "wb", "w+", "w+b", "rbbbbbbbbbbbbbbbb" } do
    local opened <close> = check.ok(io.open(own.path, mode), mode)
    check.eq(io.type(opened), "file")
  end
  for _, mode in ipairs{ "", "x", "rw", "r+b+", "br", "re", "r,ccs=UTF-8", "rx" } do
    check.eq(raised(("io.open('/', %q)"):format(mode)), "chunk:1: bad argument #2 to 'open' (invalid mode)")
  end
  for _, mode in ipairs{ "", "rw", "re", "a" } do
    check.eq(raised(("io.popen('true', %q)"):format(mode)), "chunk:1: bad argument #2 to 'popen' (invalid mode)")
  end
end

tests["failures read as Lua's own do"] = function()
  check.eq({ io.open("/nonesuch") }, { nil, "/nonesuch: No such file or directory", 2 })
  for _, call in ipairs{ "lines", "input" } do
    check.eq(raised(("io.%s('/nonesuch')"):format(call)), "chunk:1: cannot open file '/nonesuch' (No such file or directory)")
  end
  check.eq(raised("io.output('/')"), "chunk:1: cannot open file '/' (Is a directory)")
  check.eq(raised("io.open()"), "chunk:1: bad argument #1 to 'open' (string expected, got no value)")
  check.eq(raised("io.lines({})"), "chunk:1: bad argument #1 to 'lines' (string expected, got table)")
  check.eq(raised("io.input(print)"), "chunk:1: bad argument #1 to 'input' (FILE* expected, got function)")
  check.eq(raised("local f = io.tmpfile() f:close() io.output(f)"), "chunk:1: attempt to use a closed file")
  check.eq(raised("io.lines('/dev/null', table.unpack({}, 1, 251))"), "chunk:1: bad argument #252 to 'lines' (too many arguments)")
  check.eq(raised("os.setlocale('C', 'x')"), "chunk:1: bad argument #2 to 'setlocale' (invalid option 'x')")
  check.eq(raised("package.loadlib('x')"), "chunk:1: bad argument #2 to 'loadlib' (string expected, got no value)")
  check.eq({ io.popen("exit 3"):close() }, { nil, "exit", 3 })
  check.match(select(2, pcall(require, "nonesuch")), "no field package.preload%['nonesuch'%]\n\tno file '[^\n]*nonesuch.lua'")
end

tests["io.lines closes its file at the end, and when the loop is left"] = function()
  local own <close> = file("1\n2\n3 4\n")
  local lines = {}
  for line in io.lines(own.path) do lines[#lines + 1] = line end
  check.eq(lines, { "1", "2", "3 4" })
  local first
  for number, rest in io.lines(own.path, "n", "L") do first = first or { number, rest } end
  check.eq(first, { 1, "\n" })
  local iterator, state, control, opened = io.lines(own.path)
  check.eq({ state, control, io.type(opened) }, { nil, nil, "file" })
  for _ = 1, 3 do iterator() end
  check.eq(iterator(), nil)
  check.eq(io.type(opened), "closed file")
  check.match(select(2, pcall(iterator)), "file is already closed")
  local left
  for line in io.lines(own.path) do
    for _, name in ipairs(sys.readdir("/proc/self/fd")) do
      if sys.readlink("/proc/self/fd/" .. name) == own.path then left = "/proc/self/fd/" .. name end
    end
    if line == "1" then break end
  end
  check.ok(left)
  check.ne(sys.readlink(left), own.path)
end

tests["io.input and io.output take names and files"] = function()
  local own <close> = file("first\nsecond\n")
  -- In a child: they are those of the whole process.
  local got = ns.call({}, function()
    local all = {}
    local input = io.input(own.path)
    all[1] = io.read()
    for line in io.lines() do all[#all + 1] = line end
    all[#all + 1] = io.type(input)
    io.input():close()
    all[#all + 1] = select(2, pcall(io.lines))
    io.output(own.path):write("new")
    io.output():close()
    io.output(io.stderr)
    io.input(own.path)
    all[#all + 1] = io.read("a")
    return all
  end)
  check.eq(got, { "first", "second", "file", "attempt to use a closed file", "new" })
end

return tests
