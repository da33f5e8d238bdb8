-- Namespaces of several owners: which user namespace is joined, and when.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

-- Root in the user namespace that nssh is in has power over what belongs to that one, until it joins the user namespace.
tests["who has power over all joins the user namespace last"] = function()
  local seen, link, inner = apart.call({ user = "root" }, function()
    local outer <close> = ns.clone{ net = true }
    local box <close> = ns.clone{ user = "root" }
    local r = ns.run{ user = box, net = outer, sh = "readlink /proc/self/ns/net; readlink /proc/self/ns/user" }:check()
    return r.stdout, ("net:[%d]\n"):format(outer:inode("net")), ("user:[%d]\n"):format(box:inode("user"))
  end)
  check.eq(seen, link .. inner)
end

tests["root joins what is root's before somebody's user namespace"] = function()
  here.need_root("only root owns namespaces of the first user namespace")
  local outer <close> = ns.clone{ net = true, uts = "outer" }
  local box <close> = ns.clone{ user = "root" }
  local r = ns.run{ user = box, net = outer, uts = outer, sh = "hostname; readlink /proc/self/ns/net" }
  check.eq({ r.stdout, r.stderr }, { ("outer\nnet:[%d]\n"):format(outer:inode("net")), "" })
end

-- Of the owners the outermost one has power over all. Which of them comes first must not matter.
tests["enter joins the outermost of several owners"] = function()
  local own = { "net", "uts" }
  local copy <close> = apart.copy()
  local program = copy.path
  for position, inner_type in ipairs(own) do
    local outer_type = own[3 - position]
    local result = apart.without_privilege(function()
      -- One namespace is the outer box's, the other one that of a box in it.
      local outer <close> = ns.clone{ user = "root", [outer_type] = true, stdout = "pipe", function()
        local inner <close> = ns.clone{ user = "root", [inner_type] = true }
        print(inner.pid)
        io.stdout:flush()
        sys.sleep(20)
      end }
      local target = outer.stdout:read("l")
      local r = ns.run{ timeout = 20, program, "enter", "-n", "-u", target, "sh", "-c",
        "cd /proc/self/ns; readlink net; readlink uts; readlink user" }
      local pid = tonumber(target)
      local expected = ("net:[%d]\nuts:[%d]\nuser:[%d]\n"):format(ns.inode(pid, "net"), ns.inode(pid, "uts"), outer:inode("user"))
      return { got = r.stdout, stderr = r.stderr, expected = expected }
    end)
    check.eq({ result.got, result.stderr }, { result.expected, "" }, inner_type .. " is the inner one's")
  end
end

return tests
