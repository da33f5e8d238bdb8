-- What the host and each entered namespace of a lesson are made of on this machine: an ordinary user needs a user namespace around it,
-- and a negative control a host that may be touched.
local bash = require "nssh.demo.bash"
local requirements = require "nssh.demo.requirements"
local typed = require "nssh.demo.typed"

-- A lesson without its flag must not touch the machine: the namespaces that take the blow instead.
local CONTROL_HOST = {
  uts = { uts = true }, ipc = { ipc = true }, mnt = { mnt = true }, net = { net = { lo = true } }, user = { uts = true },
}

local function copy(from, into)
  into = into or {}
  for key, value in pairs(from) do into[key] = value end
  return into
end

local REFUSALS = { EPERM = true, EACCES = true, ENOSPC = true, EUSERS = true }

-- Tries in a child. nil, or in words why this machine forbids it; what is not its refusal is an error.
local function forbids(flags, words, line)
  local ok, result = pcall(ns.run, bash.command({ "bash", "-c", line or ":" }, flags))
  if ok and result.ok then return nil end
  if ok then return requirements.forbidden(("%s: %s"):format(line, result.stderr:gsub("%s+$", "")), words) end
  if type(result) ~= "table" or not REFUSALS[result.code] then error(result, 0) end
  return requirements.forbidden(result.message, words, flags)
end

-- The types of all steps together, whether one of them takes power over those around it, and whether nssh itself moves.
local function survey(lesson, without)
  local all, needs_root, by_lua, moves = {}, false, false, false
  for _, step in ipairs(lesson.steps) do
    if type(step.enter) == "table" then
      copy(step.enter, all)
      needs_root = needs_root or not step.enter.user or without == "user"
    elseif step.lua then
      -- What a function will say is not known yet.
      local text = type(step.lua) == "string" and step.lua or "ns.unshare"
      by_lua = by_lua or typed.makes_namespaces(text) and (without == "user" or not text:find("%f[%w]user%s*="))
      moves = moves or text:find("%f[%w_]ns%.unshare") ~= nil or text:find("%f[%w_]ns%.setns") ~= nil
    end
  end
  return all, needs_root or by_lua, by_lua, moves
end

-- Returns a table: host = its types, flags(step) = those of a step that enters, added = the user namespace that was added (or nil),
-- apart = whether the lesson has to be played by a copy of nssh, forbidden = why it cannot be played here (or nil).
return function(lesson, words, without)
  local host = copy(without and CONTROL_HOST[without] or {}, copy(lesson.host or {}))
  local all, needs_root, by_lua, moves = survey(lesson, without)
  if without then all[without] = nil end
  copy(host, all)
  if by_lua and not next(all) then all.uts = true end
  needs_root = needs_root or next(host) ~= nil
  local added
  local bare = copy(all)
  bare.user = nil
  if needs_root and forbids(bare, words) then
    added = "root"
    if next(host) or by_lua or without == "user" then host.user = added end
    all.user = added
  end
  local forbidden = forbids(all, words, lesson.probe)
  local function flags(step, scene)
    local made = copy(type(step.enter) == "function" and step.enter(scene) or step.enter)
    if without then made[without] = nil end
    if added and not host.user and not made.user then made.user = added end
    return made
  end
  return { host = host, flags = flags, added = added, apart = moves or next(host) ~= nil, forbidden = forbidden }
end
