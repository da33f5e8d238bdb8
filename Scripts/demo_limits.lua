-- Limits: /proc/sys/user, and what happens when one is reached
local demo = require "nssh.demo"

-- The article's list, and what came later.
local ARTICLE = { "cgroup", "ipc", "mnt", "net", "pid", "user", "uts" }

local function limit_file(type_name) return ("/proc/sys/user/max_%s_namespaces"):format(type_name) end

local function refused(out) return out:find("No space left on device", 1, true) ~= nil end

demo.main{
  title = { en = "Limits: how many namespaces there may be", zh = "限制：namespace 可以有多少个" },
  section = { en = "1. Namespace limit", zh = "1. Namespace 概述：namespace limit" },
  text = {
    en = "The directory /proc/sys/user has the limits for each type. The article lists it; here a limit is set and reached, in a user \z
      namespace of its own, where that touches nobody else.",
    zh = "目录 /proc/sys/user 里有每种类型的数量限制。文章列出了它；这里在一个专用的 user namespace 里设置一个限制并达到它，不影响别人。",
  },
  programs = { "ls", "unshare" },
  -- Without its own user namespace, a limit would be the machine's.
  host = { user = "root" },
  host_text = {
    en = "A throw-away user namespace plays the host: its limits are not the machine's.",
    zh = "用一个临时的 user namespace 充当宿主机：它的限制不是整台机器的限制。",
  },
  steps = {
    { title = { en = "The files", zh = "文件" },
      outside = "ls /proc/sys/user",
      text = { en = "One file for each type (and those of inotify and fanotify).", zh = "每种类型一个文件（另有 inotify 和 fanotify 的）。" },
      expect = { en = "max_TYPE_namespaces for every type", zh = "每种类型都有 max_TYPE_namespaces" },
      checks = {
        { { en = "every type of the article's list has a limit", zh = "文章列出的每种类型都有限制" },
          function(out)
            for _, name in ipairs(ARTICLE) do
              if not out:find(("max_%s_namespaces"):format(name), 1, true) then return false, name end
            end
            return true
          end },
        { { en = "so has every other type that this kernel has", zh = "本机内核支持的其他类型也有" },
          function(out)
            for _, t in ipairs(ns.types()) do
              if t.supported and not out:find(("max_%s_namespaces"):format(t.name), 1, true) then return false, t.name end
            end
            return true
          end },
      },
      why = {
        en = "The article's list has no max_time_namespaces: its kernel has no time namespaces, which came with Linux 5.6.",
        zh = "文章的列表里没有 max_time_namespaces：它的内核没有 time namespace，那是 Linux 5.6 才有的。",
      } },
    { title = { en = "The numbers", zh = "数值" },
      text = { en = "The article reads one file; ns.limits reads them all.", zh = "文章读了一个文件；ns.limits 读全部。" },
      outside = "cat " .. limit_file("pid"), name = "pid_limit" },
    { title = { en = "All numbers", zh = "全部数值" },
      lua = [[ns.limits()]],
      expect = { en = "the same number for pid", zh = "pid 的数值相同" },
      checks = {
        { { en = "ns.limits says what the file says", zh = "ns.limits 与文件一致" },
          function(_, s, values) return values and tostring(values[1].max_pid_namespaces) == s.out.pid_limit end },
      },
      why = {
        en = "A new user namespace starts with 2147483647 everywhere, which is no limit; those above it still count. The first user \z
          namespace has numbers that follow from the memory, like the article's 6784.",
        zh = "新的 user namespace 里都从 2147483647 开始，等于没有限制，但上级的限制仍然有效。最初的 user namespace 的数值由内存大小决定，例如文章中的 6784。",
      } },
    { title = { en = "A limit of one's own", zh = "自己的限制" },
      text = { en = "A bash as root of a new user namespace.", zh = "一个 bash，在新的 user namespace 里作为 root。" },
      enter = { user = "root" } },
    { title = { en = "Before there is a limit", zh = "有限制之前" },
      inside = "unshare --uts true && echo made",
      text = { en = "To begin with, it can make a UTS namespace: unshare(1) does.", zh = "开始时可以创建 UTS namespace，用 unshare(1)。" },
      expect = { en = "made", zh = "made" },
      checks = {
        { { en = "without a limit, a namespace is made", zh = "没有限制时可以创建" }, function(out) return out == "made" end },
      } },
    { title = { en = "Set to 0", zh = "设为 0" },
      inside = "echo 0 > " .. limit_file("uts") .. "; cat " .. limit_file("uts"), name = "set",
      text = { en = "Root there may set the limits there.", zh = "那里的 root 可以设置那里的限制。" },
      expect = { en = "0", zh = "0" },
      checks = { { {
        en = "root of a user namespace sets its limits",
        zh = "user namespace 的 root 可以设置限制",
      }, function(out) return out == "0" end } } },
    { title = { en = "Reached", zh = "达到限制" },
      inside = "unshare --uts true && echo made",
      predict = { en = "Which error will it be?", zh = "会是什么错误？" },
      expect = { en = "No space left on device: ENOSPC", zh = "No space left on device：ENOSPC" },
      checks = {
        { { en = "at the limit, the kernel says ENOSPC", zh = "达到限制时，内核返回 ENOSPC" }, refused, depends = "step set" },
      },
      why = {
        en = "No disk is full: ENOSPC is what unshare(2) and clone(2) say of these limits. (user_namespaces(7) has EUSERS for user \z
          namespaces that are nested too deeply: that was so before Linux 4.9.)",
        zh = "并不是磁盘满了：unshare(2) 和 clone(2) 用 ENOSPC 表示这些限制。（user_namespaces(7) 说嵌套太深的 user namespace 会得到 EUSERS，那是 Linux 4.9 之前的情况。）",
      } },
    { title = { en = "Another type", zh = "另一种类型" },
      inside = "unshare --ipc true && echo made",
      text = { en = "Each type is counted for itself.", zh = "各种类型分别计数。" },
      expect = { en = "made", zh = "made" },
      checks = {
        { { en = "the limit of uts is none of ipc", zh = "uts 的限制不影响 ipc" }, function(out) return out == "made" end },
      } },
    { title = { en = "And outside", zh = "在外面" },
      outside = "cat " .. limit_file("uts") .. "; unshare --uts true && echo made",
      text = { en = "The host still has its own limit, and can make one.", zh = "宿主机仍有自己的限制，可以创建。" },
      expect = { en = "another number, and made", zh = "另一个数值，以及 made" },
      checks = {
        { { en = "the host's limit is untouched", zh = "宿主机的限制没有变" },
          function(out) return tonumber(out:match("^%d+")) > 0 and out:find("\nmade$") ~= nil end, depends = "user" },
      } },
    { title = { en = "What is counted", zh = "怎样计数" },
      text = {
        en = "A process in a new user and a new UTS namespace, and a limit of 2. Then processes that join it and make one more each, and \z
          stay:",
        zh = "一个进程在新的 user 和 UTS namespace 里，限制为 2。再让几个进程加入其中，各新建一个并保持：",
      },
      lua = [[box = ns.clone{ user = "root", uts = true }
ns.limits(box, { uts = 2 })
kept = {}
for i = 1, 3 do
  local ok, p = pcall(ns.clone, { user = box, uts = true })
  print(i, ok, ok and "made" or p.code)
  if ok then kept[#kept + 1] = p end
end]], name = "counted",
      expect = { en = "one, then ENOSPC twice: the box's own counts", zh = "一个成功，两个 ENOSPC：box 自己的那个也算" },
      checks = {
        { { en = "what lives there is counted, the one made with the user namespace too", zh = "存活的都计数，与 user namespace 一起建的也算" },
          function(out) return out == "1\ttrue\tmade\n2\tfalse\tENOSPC\n3\tfalse\tENOSPC" end, depends = "uts" },
      } },
    { title = { en = "Room again", zh = "又有空位" },
      text = {
        en = "When one of them is gone, there is room again.",
        zh = "其中一个消失之后，又有了空位。",
      },
      lua = [[while #kept > 0 do table.remove(kept):close() end
for i = 1, 100 do
  ok, again = pcall(ns.clone, { user = box, uts = true })
  if ok then break end
  sys.sleep(0.02)
end
return ok]],
      expect = { en = "true", zh = "true" },
      checks = {
        { { en = "what is gone no longer counts", zh = "消失的不再计数" }, function(_, _, values) return values and values[1] == true end },
      },
      why = {
        en = "The loop waits: the kernel takes a namespace apart a moment after its last process has ended.",
        zh = "循环是为了等待：最后一个进程结束之后，内核要过一会儿才销毁 namespace。",
      } },
    { title = { en = "Those above hold too", zh = "上级的限制同样有效" },
      text = {
        en = "A user namespace cannot give itself more than there is above it: the host's limit is set to 0, while a user namespace \z
          below has 2147483647.",
        zh = "user namespace 不能让自己得到比上级更多的东西：把宿主机的限制设为 0，下级的限制是 2147483647。",
      },
      lua = [[below = ns.clone{ user = "root" }
old = ns.limits{ uts = 0 }
ok, e = pcall(ns.run, { user = below, uts = true, "true" })
print(ns.limits(below).max_uts_namespaces, ok, ok and "made" or e.code)
ns.limits(old)
return ns.run{ user = below, uts = true, "true" }.ok]],
      expect = { en = "ENOSPC; and with the old limit, it works", zh = "ENOSPC；恢复限制之后就可以了" },
      checks = {
        { { en = "the limit above holds below", zh = "上级的限制在下级有效" }, function(out) return out:find("false\tENOSPC") ~= nil end,
          depends = "uts" },
        { { en = "without it, it works", zh = "没有它就可以" }, function(_, _, values) return values and values[1] == true end },
      } },
  },
}
