-- What has changed since the article: cgroup namespaces in docker, more requests, new calls, ids
local demo = require "nssh.demo"

-- "6.18.5-generic" -> a number that grows with the version.
local function version(text)
  local major, minor = text:match("^(%d+)%.(%d+)")
  return tonumber(major) * 1000 + tonumber(minor)
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read("a")
end

-- Whether the kernel's answers agree with its version: nothing is there before it came.
local function not_before_its_time(out)
  local release, count = version(sys.uname().release), 0
  for name, answer, since in out:gmatch("([%w_]+)%s+(%l+)%s+(%d+%.%d+)") do
    if answer == "yes" and version(since) > release then return false, name end
    count = count + 1
  end
  return count > 0
end

-- And nothing is missing that came before it, where nothing but the kernel answers.
local function there_by_its_time(out)
  local features, count = ns.features(), 0
  for name, answer in out:gmatch("([%w_]+)%s+(%l+)%s+%d+%.%d+") do
    if answer == "no" and demo.has_by_version(features[name]) then return false, name end
    count = count + 1
  end
  return count > 0
end

local function is_unfiltered()
  return not read("/proc/self/status"):find("Seccomp:%s*2"),
    { en = "a seccomp filter may refuse what the kernel has", zh = "seccomp 过滤器可能拒绝内核支持的功能" }
end

demo.main{
  title = { en = "What has changed since the article", zh = "文章之后的变化" },
  section = { en = "1. Introduction, calls, limits: as of today", zh = "1. Namespace 概述：时至今日" },
  text = {
    en = "What the article says of types, calls and limits has stayed true, but for a note on docker. Much has come in addition. Each \z
      claim here is asked of the kernel that runs this machine.",
    zh = "文章关于类型、调用和限制的说法至今成立，只有关于 docker 的一条注释除外。此外又增加了很多东西。这里的每个说法都向本机的内核求证。",
  },
  programs = { "cat", "ls", "stat", "uname" },
  steps = {
    { title = { en = "docker and cgroup namespaces", zh = "docker 与 cgroup namespace" },
      outside = "uname -r; stat -f -c %T /sys/fs/cgroup; cat /proc/self/cgroup",
      text = {
        en = "\"docker does not use it yet.\" It does, since 20.10: where cgroup v2 is alone (cgroup2fs here), a container gets a cgroup \z
          namespace of its own by default; where v1 is there as well (tmpfs here), it does with --cgroupns=private.",
        zh = "“docker 现在就还没有用它。”从 20.10 起已经在用：只有 cgroup v2 的机器（此处显示 cgroup2fs）上，容器默认有自己的 cgroup namespace；还有 v1 的机器（此处显示 tmpfs）上，用 \z
          --cgroupns=private。",
      },
      needs = function()
        return sys.stat("/sys/fs/cgroup/.") ~= nil and read("/proc/self/mounts"):find(" /sys/fs/cgroup ", 1, true) ~= nil,
          { en = "nothing is mounted on /sys/fs/cgroup", zh = "/sys/fs/cgroup 上没有挂载" }
      end,
      expect = { en = "cgroup2fs and one line 0::, or tmpfs and lines of v1", zh = "cgroup2fs 和一行 0::，或者 tmpfs 和 v1 的若干行" },
      checks = {
        { { en = "the kind of file system tells whether v1 is in use", zh = "文件系统的类型说明是否还在用 v1" },
          function(out)
            local kind, has_v1 = out:match("\n(%S+)\n"), out:find("\n[1-9]%d*:") ~= nil
            return (kind == "cgroup2fs") == not has_v1
          end },
      },
      why = {
        en = "The type cgroup itself is in every kernel since 4.6: see the lesson demo_cgroup.lua.",
        zh = "cgroup 这种类型在 4.6 以后的每个内核里都有，见 demo_cgroup.lua。",
      } },
    { title = { en = "The eighth type", zh = "第八种类型" },
      outside = "ls /proc/self/ns; ls /proc/sys/user",
      needs = "kernel 5.6",
      text = {
        en = "The article's table has time, its listings have not: neither /proc/PID/ns nor /proc/sys/user. Both have on this kernel.",
        zh = "文章的表格里有 time，但它列出的 /proc/PID/ns 和 /proc/sys/user 里没有。本机的内核两处都有。",
      },
      expect = { en = "time, time_for_children and max_time_namespaces", zh = "time、time_for_children 和 max_time_namespaces" },
      checks = {
        { { en = "a process has time and time_for_children", zh = "进程有 time 和 time_for_children" },
          function(out) return out:find("%f[%w_]time%f[^%w_]") and out:find("%f[%w_]time_for_children%f[^%w_]") ~= nil end },
        { { en = "there is a limit max_time_namespaces", zh = "有限制 max_time_namespaces" },
          function(out) return out:find("max_time_namespaces", 1, true) ~= nil end },
      } },
    { title = { en = "More than two requests", zh = "不只两个请求" },
      text = {
        en = "ioctl_ns: beside NS_GET_USERNS and NS_GET_PARENT there are by now requests for the type and the owner (4.11), for the ids \z
          of mnt namespaces and for pids (6.11), to walk all mnt namespaces (6.12), and for an id of any namespace (6.18). Each was tried:",
        zh = "ioctl_ns：除了 NS_GET_USERNS 和 NS_GET_PARENT，现在还可以询问类型和所有者（4.11）、mnt namespace 的 id 和 pid（6.11）、遍历所有 mnt namespace（6.12）、任何 \z
          namespace 的 id（6.18）。逐一试过：",
      },
      lua = [[for _, name in ipairs{ "mntns_id", "pid_translation", "pidfd_namespaces", "mntns_walk", "ns_id" } do
  local f = ns.features()[name]
  print(("%-16s  %-3s  %5s  %s"):format(name, f.supported and "yes" or "no", f.since, f.summary))
end
return ns.open("self", "uts"):type()]],
      expect = { en = "yes for what is not newer than this kernel", zh = "不晚于本机内核的，是 yes" },
      checks = {
        { { en = "no request is there before its time", zh = "没有哪个请求早于它的版本出现" }, not_before_its_time },
        { { en = "no request is missing after it", zh = "版本到了的请求一个也不缺" }, there_by_its_time, needs = is_unfiltered },
        { { en = "a namespace tells its type (4.11)", zh = "namespace 能说出自己的类型（4.11）" },
          function(_, _, values) return values and values[1] == "uts" end },
      } },
    { title = { en = "Four calls, and their successors", zh = "四个调用和它们的后继者" },
      text = {
        en = "clone3(2) (5.3) has room for more flags, and puts the child into a cgroup (5.7); a pidfd names a process that no other can \z
          replace (5.3), and setns(2) takes one with any number of types (5.8).",
        zh = "clone3(2)（5.3）容得下更多 flag，还能把子进程放进某个 cgroup（5.7）；pidfd（5.3）指代一个进程，不会被别的进程顶替；setns(2) 接受 pidfd，一次加入任意几种类型（5.8）。",
      },
      lua = [[for _, name in ipairs{ "clone3", "clone3_into_cgroup", "clone3_time", "pidfd_open", "pidfd_setns", "listns" } do
  local f = ns.features()[name]
  print(("%-18s  %-3s  %5s  %s"):format(name, f.supported and "yes" or "no", f.since, f.summary))
end]],
      expect = { en = "yes for what is not newer than this kernel", zh = "不晚于本机内核的，是 yes" },
      checks = {
        { { en = "no call is there before its time", zh = "没有哪个调用早于它的版本出现" }, not_before_its_time },
        { { en = "no call is missing after it", zh = "版本到了的调用一个也不缺" }, there_by_its_time, needs = is_unfiltered },
      } },
    { title = { en = "Several types in one setns", zh = "一次 setns，几种类型" },
      text = {
        en = "Three types joined in one call: what nssh does to run a program beside a process.",
        zh = "一次调用加入三种类型：nssh 在某个进程旁边运行程序时就是这样做的。",
      },
      lua = [[box = ns.clone{ uts = "box", ipc = true, cgroup = true }
calls, r = ns.trace(function() return box:run{ "hostname" } end)
for _, c in ipairs(calls) do
  if c.call == "setns" then print(c.text) end
end
return r.stdout]],
      needs = "feature pidfd_setns", name = "joined",
      expect = { en = "one setns with NEWUTS, NEWIPC and NEWCGROUP", zh = "一次 setns，带有 NEWUTS、NEWIPC 和 NEWCGROUP" },
      checks = {
        { { en = "one setns joins several types", zh = "一次 setns 加入几种类型" },
          function(out)
            local line = out:match("^[^\n]*")
            return line:find("NEWUTS", 1, true) and line:find("NEWIPC", 1, true) and line:find("NEWCGROUP", 1, true)
              and not out:find("setns.*\n.*setns")
          end, depends = { "uts", "ipc", "cgroup" } },
      } },
    { title = { en = "Numbers come again", zh = "号码会再次出现" },
      text = {
        en = "Equal inode numbers mean the same namespace: among those that live. When one is gone, its number is free. UTS namespaces \z
          are made and let go until a number comes again; nssh remembers their ids, which do not keep them alive.",
        zh = "inode number 相同就是同一个 namespace：这只对同时存活的成立。消失之后，号码就空出来了。反复创建再放弃 UTS namespace，直到有号码再次出现；nssh 记下它们的 id，这不会让它们存活。",
      },
      predict = { en = "Can two different namespaces have the same number?", zh = "两个不同的 namespace 会有相同的号码吗？" },
      lua = [[seen = {}
for try = 1, 100 do
  local box = ns.clone{ uts = true }
  local handle = box:open("uts")
  local number, id, weak = handle:inode(), handle:id(), ns.weak(handle)
  handle:close()
  box:close()
  if seen[number] then
    return number, seen[number].id, id, (seen[number].weak:alive())
  end
  seen[number] = { id = id, weak = weak }
  sys.sleep(0.02)
end]],
      expect = { en = "one number, with two ids; the earlier namespace is gone", zh = "一个号码，两个 id；先前的 namespace 已经消失" },
      checks = {
        { { en = "an inode number is used again", zh = "inode number 会被再次使用" },
          function(_, _, values) return values and values[1] ~= nil end },
        { { en = "the id is not", zh = "id 不会" },
          function(_, _, values) return values and values[2] ~= nil and values[2] ~= values[3] end,
          depends = "uts", needs = "feature ns_id" },
        { { en = "the earlier namespace is gone", zh = "先前的 namespace 已经消失" },
          function(_, _, values) return values and values[4] == false end, depends = "uts", needs = "feature ns_handles" },
      },
      why = {
        en = "So a number that was written down says nothing later. Since 6.18 there is an id of 64 bits, which is never used again \z
          (NS_GET_ID).",
        zh = "所以事先记下的号码，过后说明不了什么。从 6.18 起有 64 位的 id，永不重复使用（NS_GET_ID）。",
      } },
    { title = { en = "All that came since", zh = "此后的全部" },
      text = {
        en = "5.6 is the latest version that the article names. What came with it and later, found out by trying:",
        zh = "5.6 是文章提到的最新版本。从它开始增加的东西，都是试出来的：",
      },
      lua = [[for _, f in ipairs(ns.features()) do
  local major, minor = f.since:match("(%d+)%.(%d+)")
  if major * 1000 + minor >= 5006 then
    print(("%-22s  %-3s  %5s  %s"):format(f.name, f.supported and "yes" or "no", f.since, f.summary))
  end
end]],
      expect = { en = "yes for what is not newer than this kernel", zh = "不晚于本机内核的，是 yes" },
      checks = {
        { { en = "nothing is there before its time", zh = "没有什么早于它的版本出现" }, not_before_its_time },
        -- But for what a setting decides.
        { { en = "nothing of the kernel's is missing after it", zh = "版本到了的内核功能一样也不缺" }, there_by_its_time, needs = is_unfiltered },
      },
      why = {
        en = "nssh uses what is there, and does without, or says so, where it is not. A container may refuse what its kernel has.",
        zh = "nssh 有什么就用什么；没有的就绕过去，或者说明缺少什么。容器可能拒绝内核支持的功能。",
      } },
  },
}
