-- Cgroup namespace: one's own cgroup is the root of the tree
local demo = require "nssh.demo"

-- The lines of /proc/PID/cgroup: "hierarchy:controllers:path", as a table of paths by "hierarchy:controllers".
local function paths(out)
  local found = {}
  for hierarchy, path in out:gmatch("(%d+:[^:\n]*):([^\n]*)") do found[hierarchy] = path end
  return found
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

-- A hierarchy in which nssh is below the root: its mount type, its options, its path; the v2 hierarchy where there is a choice.
local function below_root(is_root)
  local best
  for hierarchy, path in pairs(paths(read("/proc/self/cgroup"))) do
    local controllers = hierarchy:match(":(.*)")
    if path ~= "/" and not path:find("^/%.%.") then
      if controllers == "" then return "cgroup2", nil, path end
      -- A v1 hierarchy may be mounted by root of the first user namespace only.
      if is_root then best = best and best < controllers and best or controllers end
    end
  end
  if best then
    for hierarchy, path in pairs(paths(read("/proc/self/cgroup"))) do
      if hierarchy:match(":(.*)") == best then return "cgroup", best, path end
    end
  end
end

-- At the root already, a cgroup namespace would change nothing that can be seen.
local function is_below()
  for _, path in pairs(paths(read("/proc/self/cgroup"))) do
    if path ~= "/" and not path:find("^/%.%.") then return true end
  end
  return false, {
    en = "nssh is in the root of every cgroup hierarchy: there is nothing to hide. Start it in a cgroup of its own: systemd-run --scope \z
      nssh …, or in docker with --cgroupns=host",
    zh = "nssh 在每个 cgroup 层级的根，没有可以隐藏的东西。请让它在单独的 cgroup 里启动：systemd-run --scope nssh ……，在 docker 里用 --cgroupns=host",
  }
end

local function is_mountable(scene)
  if below_root(scene.is_root) then return true end
  return false, {
    en = "a cgroup v1 hierarchy may be mounted by root only, and in that of v2 nssh is at the root",
    zh = "只有 root 可以挂载 cgroup v1 层级，而在 v2 层级里 nssh 已经在根",
  }
end

-- The root field (the fourth) of each cgroup mount in mountinfo.
local function mount_roots(out)
  local roots = {}
  for root, target in out:gmatch("%d+ %d+ %d+:%d+ (%S+) (%S+) [^\n]- %- cgroup2? ") do roots[target] = root end
  return roots
end

local function mount_command(s)
  local type_name, options = below_root(s.is_root)
  return ("mount -t %s %snone /tmp && ls /tmp && grep -x $$ /tmp/cgroup.procs"):format(type_name, options and "-o " .. options .. " " or "")
end

demo.main{
  title = { en = "Cgroup: one's own cgroup is the root", zh = "Cgroup：自己的 cgroup 就是根" },
  section = { en = "1. Introduction: the type cgroup", zh = "1. Namespace 概述：Cgroup namespace" },
  text = {
    en = "Control groups are a tree of groups of processes, for limits and accounts; a process's place in it is a path. The article \z
      lists the cgroup namespace, \"Cgroup root directory\", and never shows it: it makes the cgroup that a process is in the root of \z
      what is seen.",
    zh = "control group 是一棵由进程组构成的树，用于限制和统计资源；进程在其中的位置是一个路径。文章列出了 cgroup namespace（“Cgroup root directory”），但没有演示：它把进程所在的 cgroup 变成所见的根。",
  },
  programs = { "cat", "grep", "ls", "mount", "nsenter" },
  needs = { "kernel 4.6", is_below },
  host = { mnt = true },
  host_text = { en = "A throw-away mnt namespace plays the host.", zh = "用一个临时的 mnt namespace 充当宿主机。" },
  steps = {
    { title = { en = "v1, v2 or both", zh = "v1、v2 还是两者都有" },
      text = {
        en = "A line that begins with 0:: is of cgroup v2; the others are hierarchies of v1. With both, the machine is called hybrid.",
        zh = "以 0:: 开头的一行属于 cgroup v2，其他的是 v1 的层级。两者都有的机器叫做 hybrid。",
      },
      outside = "cat /proc/self/cgroup", name = "outside",
      expect = { en = "at least one path that is not /", zh = "至少有一个路径不是 /" },
      checks = {
        { { en = "outside, the place in the tree is seen", zh = "外面看得到在树中的位置" },
          function(out)
            for _, path in pairs(paths(out)) do
              if path ~= "/" then return true end
            end
            return false
          end },
      } },
    { title = { en = "A cgroup namespace", zh = "一个 cgroup namespace" },
      text = { en = "A bash in a new one. It stays in the cgroup that it is in.", zh = "一个 bash，在新的 cgroup namespace 里。它所在的 cgroup 不变。" },
      enter = { cgroup = true, mnt = true } },
    { title = { en = "The view from inside", zh = "从里面看" },
      inside = "cat /proc/self/cgroup",
      predict = { en = "What are the paths inside?", zh = "里面的路径是什么？" },
      expect = { en = "the same hierarchies, and / in each", zh = "层级相同，每个路径都是 /" },
      checks = {
        { { en = "inside, every path is /", zh = "里面每个路径都是 /" },
          function(out)
            local count = 0
            for hierarchy, path in pairs(paths(out)) do
              if path ~= "/" then return false, hierarchy .. ":" .. path end
              count = count + 1
            end
            return count > 0
          end, depends = "cgroup" },
        { { en = "inside and outside are different cgroup namespaces", zh = "里外是不同的 cgroup namespace" },
          function(_, s) return s.inside:inode("cgroup") ~= ns.inode("self", "cgroup") end, depends = "cgroup" },
      },
      why = {
        en = "A container need not know, nor tell, where on its host it is kept: the path may have the names of others.",
        zh = "容器不必知道、也不会泄露自己在宿主机的什么位置：路径里可能有别人的名字。",
      } },
    { title = { en = "The view from outside", zh = "从外面看" },
      outside = function(s) return ("cat /proc/%d/cgroup"):format(s.inside.pid) end,
      text = {
        en = "The same bash, but who reads it is outside: paths are shown from the reader's root.",
        zh = "还是那个 bash，但读的人在外面：路径从读者的根算起。",
      },
      expect = { en = "the paths that the bash outside has", zh = "与外面的 bash 的路径相同" },
      checks = {
        { { en = "it has not been moved: its cgroup is the old one", zh = "它没有移动：cgroup 还是原来的" },
          function(out, s)
            local before = paths(s.out.outside)
            for hierarchy, path in pairs(paths(out)) do
              if before[hierarchy] ~= path then return false, hierarchy .. ":" .. path end
            end
            return next(before) ~= nil
          end },
      },
      why = {
        en = "So the namespace limits nothing. Limits come from the cgroup itself: a namespace only hides what is above it.",
        zh = "所以这种 namespace 不限制任何东西。限制来自 cgroup 本身，namespace 只是隐藏上面的部分。",
      } },
    { title = { en = "Old mounts", zh = "原有的挂载" },
      inside = "grep cgroup /proc/self/mountinfo",
      text = {
        en = "What was mounted before shows more than the new root. The fourth column is the directory that is the root of the mount, as \z
          seen from the new namespace.",
        zh = "原有的挂载显示的比新的根更多。第四列是挂载的根目录，从新的 namespace 看。",
      },
      needs = function()
        return next(mount_roots(read("/proc/self/mountinfo"))) ~= nil,
          { en = "no cgroup hierarchy is mounted here", zh = "这里没有挂载 cgroup 层级" }
      end,
      expect = { en = "/.. once for each step up to the real root", zh = "到真正的根有几级，就有几个 /.." },
      checks = {
        { { en = "the root of an old mount is above the new root", zh = "原有挂载的根在新的根之上" },
          function(out)
            for _, root in pairs(mount_roots(out)) do
              if root:find("^/%.%.") then return true end
            end
            return false
          end, depends = "cgroup",
          needs = function()
            for _, root in pairs(mount_roots(read("/proc/self/mountinfo"))) do
              if root == "/" then return true end
            end
            return false, { en = "no cgroup mount here shows a whole tree", zh = "这里没有哪个 cgroup 挂载显示整棵树" }
          end },
      },
      why = {
        en = "So a cgroup namespace is made together with a mnt namespace, in which the hierarchies are mounted anew.",
        zh = "所以 cgroup namespace 要与 mnt namespace 一起创建，并在其中重新挂载各层级。",
      } },
    { title = { en = "A new mount", zh = "新的挂载" },
      inside = mount_command, needs = is_mountable,
      text = {
        en = "Mounted from inside (over /tmp, in a mnt namespace of its own), the tree begins at the new root. grep looks for bash \z
          itself in the list of processes of the topmost group.",
        zh = "从里面挂载（盖在 /tmp 上，在独立的 mnt namespace 里），树从新的根开始。grep 在最上层的组的进程列表里寻找 bash 自己。",
      },
      expect = { en = "files of a cgroup, and bash's own pid", zh = "cgroup 的文件，以及 bash 自己的 pid" },
      checks = {
        { { en = "the top of a new mount is one's own cgroup", zh = "新挂载的最上层就是自己的 cgroup" },
          function(out, s, status) return status == 0 and out:match("%d+$") == tostring(s.inside.pid) end, depends = "cgroup" },
      } },
    { title = { en = "To join it", zh = "加入其中" },
      outside = function(s) return ("nsenter --target %d --cgroup cat /proc/self/cgroup; cat /proc/self/cgroup"):format(s.inside.pid) end,
      text = {
        en = "nsenter(1) joins the cgroup namespace: who reads is then inside. Afterwards, the bash outside once more.",
        zh = "nsenter(1) 加入这个 cgroup namespace，读的人就在里面了。之后再看外面的 bash。",
      },
      expect = { en = "first only /, then the paths from the beginning", zh = "先是只有 /，再是开头的那些路径" },
      checks = {
        { { en = "who joins sees the new root", zh = "加入者看到新的根" },
          function(out, s)
            local first = out:sub(1, #out - #s.out.outside)
            for hierarchy, path in pairs(paths(first)) do
              if path ~= "/" then return false, hierarchy .. ":" .. path end
            end
            return next(paths(first)) ~= nil
          end, depends = "cgroup" },
        { { en = "outside, nothing has changed", zh = "外面没有变化" },
          function(out, s) return out:sub(-#s.out.outside) == s.out.outside end },
      } },
  },
}
