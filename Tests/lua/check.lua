-- Assertions for the Lua tests. A failed one raises a string that tells what was expected and what came.
local check = {}

-- A test that cannot be tried here raises this; the runner knows it by its metatable.
local Skip = { __tostring = function(skip) return "skipped: " .. skip.reason end }

local function show(value)
  if type(value) == "string" then return ("%q"):format(value):gsub("\\\n", "\\n") end
  if type(value) ~= "table" or getmetatable(value) then return tostring(value) end
  local parts = {}
  for key, item in pairs(value) do parts[#parts + 1] = ("%s = %s"):format(key, show(item)) end
  table.sort(parts)
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function same(a, b)
  if a == b or type(a) ~= "table" or type(b) ~= "table" or getmetatable(a) or getmetatable(b) then return a == b end
  for key, value in pairs(a) do
    if not same(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

local function fail(what, about) error(about and about .. ": " .. what or what, 3) end

function check.ok(value, about)
  if not value then fail("is " .. show(value), about or "expected something true") end
  return value
end

-- Equal; plain tables by what they hold.
function check.eq(got, expected, about)
  if not same(got, expected) then fail("expected " .. show(expected) .. ", got " .. show(got), about) end
end

function check.ne(got, unexpected, about)
  if same(got, unexpected) then fail("expected anything but " .. show(got), about) end
end

-- A text has a Lua pattern in it.
function check.match(text, pattern, about)
  if type(text) ~= "string" or not text:find(pattern) then fail(("%s has no %q"):format(show(text), pattern), about) end
end

-- fn raises, and the message has the pattern. Returns what was raised.
function check.fails(fn, pattern, about)
  local worked, raised = pcall(fn)
  if worked then fail("expected an error with " .. show(pattern), about) end
  if pattern and not tostring(raised):find(pattern) then fail(("%s has no %q"):format(show(tostring(raised)), pattern), about) end
  return raised
end

-- Ends the test as not tried; say what is missing. For here.lua, and for the word of a program that is not nssh, or of a lesson, which asks
-- unshare(1): never because nssh has failed.
function check.skip(reason) error(setmetatable({ reason = reason }, Skip), 0) end

-- Why a test was not tried, or nil when `raised` is an error.
function check.skip_reason(raised) return getmetatable(raised) == Skip and raised.reason or nil end

return check
