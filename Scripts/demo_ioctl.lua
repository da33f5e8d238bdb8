-- ioctl_ns: who owns a namespace, what is above it, and what it is
local demo = require "nssh.demo"

-- values of a chunk, or an empty table after an error.
local function of(values) return values or {} end

demo.main{
  title = { en = "ioctl_ns: owners and parents", zh = "ioctl_ns：所有者与父级" },
  section = { en = "1. The calls: ioctl_ns", zh = "1. Namespace 概述：相关 API，ioctl_ns" },
  text = {
    en = "A descriptor of /proc/PID/ns/TYPE can be asked about its namespace by ioctl(2). The article names two requests, NS_GET_USERNS \z
      and NS_GET_PARENT. Both answer with a new descriptor. At nssh's prompt they are methods of a handle.",
    zh = "可以用 ioctl(2) 向 /proc/PID/ns/TYPE 的文件描述符询问它的 namespace。文章提到两个请求：NS_GET_USERNS 和 NS_GET_PARENT，都返回一个新的描述符。在 nssh 的提示符下，它们是句柄的方法。",
  },
  programs = { "lsns" },
  steps = {
    { title = { en = "NS_GET_USERNS: the owner", zh = "NS_GET_USERNS：所有者" },
      text = {
        en = "Each namespace belongs to a user namespace: that of the process that made it. Made together, a new user namespace comes \z
          first and owns the others. This process has a new UTS namespace and a new user namespace.",
        zh = "每个 namespace 都属于一个 user namespace，即创建它的进程所在的那个。一起创建时，新的 user namespace 最先建成，并拥有其他的。这个进程有新的 UTS namespace 和新的 user namespace。",
      },
      lua = [[box = ns.clone{ user = "root", uts = true }
uts = box:open("uts")
owner = uts:userns()
return uts, owner, box:inode("user"), ns.inode("self", "user"), box.pid]], name = "owner",
      predict = {
        en = "Which user namespace owns the UTS namespace: nssh's or the new one?",
        zh = "拥有这个 UTS namespace 的是 nssh 的 user namespace 还是新的？",
      },
      expect = { en = "the owner is the new user namespace, not nssh's", zh = "所有者是新的 user namespace，不是 nssh 的" },
      checks = {
        { { en = "the user namespace made with it owns the UTS namespace", zh = "一起创建的 user namespace 拥有这个 UTS namespace" },
          function(_, _, values)
            local _, owner, theirs, ours = table.unpack(of(values))
            return owner and owner:type() == "user" and owner:inode() == theirs and theirs ~= ours
          end, depends = "user" },
      },
      why = {
        en = "The owner decides about power: a process may change the host name there if it has CAP_SYS_ADMIN in the owner (the lesson \z
          demo_user.lua).",
        zh = "所有者决定权力：在所有者中有 CAP_SYS_ADMIN 的进程，才可以修改那里的主机名（见 demo_user.lua）。",
      } },
    { title = { en = "Owners of what is shared", zh = "共用的属于谁" },
      text = {
        en = "The types that it was not given, it shares with nssh: what owns its IPC namespace is not the new user namespace.",
        zh = "没有要求新建的类型，它与 nssh 共用：它的 IPC namespace 的所有者不是新的 user namespace。",
      },
      lua = [[ok, shared = pcall(function() return box:open("ipc"):userns() end)
return ok, shared, ok and shared == owner]],
      expect = { en = "another owner, or EPERM: it is out of sight from here", zh = "另一个所有者，或 EPERM：从这里看不到它" },
      checks = {
        { { en = "a shared namespace does not belong to the new user namespace", zh = "共用的 namespace 不属于新的 user namespace" },
          function(_, s, values)
            local ok, shared, same = table.unpack(of(values))
            local is_new = s.values.owner[3] ~= s.values.owner[4]
            return is_new and (ok == true and same == false or ok == false and shared.code == "EPERM")
          end, depends = "user" },
      },
      why = {
        en = "The kernel shows the owner only to those who are in it or in a namespace above it.",
        zh = "内核只向身在所有者之中或其上级的进程显示它。",
      } },
    { title = { en = "NS_GET_PARENT: what is above", zh = "NS_GET_PARENT：父级" },
      text = {
        en = "PID and user namespaces are nested. The parent of a new PID namespace:",
        zh = "PID 和 user namespace 是嵌套的。一个新 PID namespace 的父级：",
      },
      lua = [[child = ns.clone{ pid = true }
pid = child:open("pid")
return pid, pid:parent(), ns.open("self", "pid")]],
      expect = { en = "the parent is the PID namespace of nssh", zh = "父级是 nssh 所在的 PID namespace" },
      checks = {
        { { en = "the parent of the new PID namespace is nssh's", zh = "新 PID namespace 的父级是 nssh 所在的" },
          function(_, _, values)
            local new, parent, ours = table.unpack(of(values))
            return parent ~= nil and parent == ours and new ~= ours
          end, depends = "pid" },
      } },
    { title = { en = "Nested user namespaces", zh = "嵌套的 user namespace" },
      text = {
        en = "A process in a new user namespace makes another one in it and sends its descriptor. From the inner one, two steps up:",
        zh = "一个进程在新的 user namespace 里再建一个，并把它的描述符发送出来。从最里面的出发，向上走两级：",
      },
      lua = [[here, there = sys.socketpair()
outer = ns.clone{ user = "root", function()
  local nested <close> = ns.clone{ user = "root" }
  ns.send(there, nested:open("user"))
  ns.send(there, ns.open("self", "user"))
  there:receive()
end }
list = { ns.receive(here, "user", 10) }
middle = ns.receive(here, "user", 10)
outer:close()
while list[#list]:parent() do list[#list + 1] = list[#list]:parent() end
return list, middle, ns.open("self", "user")]],
      expect = { en = "three levels: the inner one, the outer one, that of nssh", zh = "三级：内层、外层、nssh 所在的" },
      checks = {
        { { en = "above the inner one is the outer one, and above that nssh's", zh = "内层之上是外层，外层之上是 nssh 所在的" },
          function(_, _, values)
            local list, middle, ours = table.unpack(of(values))
            return list and #list == 3 and list[1] ~= middle and list[2] == middle and list[3] == ours and middle ~= ours
          end, depends = "user" },
      } },
    { title = { en = "The end of the way up", zh = "向上的尽头" },
      text = {
        en = "Why did it stop there? The kernel refuses with EPERM: at the first namespace of all, and at the one that the asking \z
          process is in, whatever is above it.",
        zh = "为什么停在那里？内核以 EPERM 拒绝：对最初的那个 namespace 如此，对提问的进程自己所在的那个也如此，不管上面还有什么。",
      },
      lua = [[calls, parent, reason = ns.trace(function() return ns.open("self", "user"):parent() end)
print(calls)
return parent, reason]],
      expect = { en = "EPERM from the kernel, nil and the reason from nssh", zh = "内核返回 EPERM，nssh 返回 nil 和原因" },
      checks = {
        { { en = "what is above one's own user namespace is out of sight: EPERM", zh = "看不到自己的 user namespace 之上：EPERM" },
          function(out, _, values) return values and values[1] == nil and out:find("NS_GET_PARENT%) = EPERM") ~= nil end },
      } },
    { title = { en = "Types without a hierarchy", zh = "没有层次的类型" },
      text = { en = "The other six types are not nested. For each of them:", zh = "其余六种类型不嵌套。逐一询问：" },
      lua = [[for _, t in ipairs(ns.types()) do
  if t.supported and t.name ~= "pid" and t.name ~= "user" then
    local ok, e = pcall(function() return ns.open("self", t.name):parent() end)
    print(t.name, ok, ok or e.code)
  end
end]],
      expect = { en = "EINVAL, each time", zh = "每次都是 EINVAL" },
      checks = {
        { { en = "a type without hierarchy has no parent: EINVAL", zh = "没有层次的类型没有父级：EINVAL" },
          function(out)
            local count = 0
            for line in out:gmatch("[^\n]+") do
              if not line:find("^%l+\tfalse\tEINVAL$") then return false, line end
              count = count + 1
            end
            return count > 0
          end },
      } },
    { title = { en = "Not only two requests", zh = "不只两个请求" },
      text = {
        en = "The article names two of a growing list: NS_GET_NSTYPE and NS_GET_OWNER_UID came with 4.11, NS_GET_MNTNS_ID (6.11), \z
          NS_GET_ID (6.18) and others later. Type, owner's uid and id of the box's user namespace:",
        zh = "除了文章中的两个，内核还有更多请求：NS_GET_NSTYPE 和 NS_GET_OWNER_UID（4.11），后来又有 NS_GET_MNTNS_ID（6.11）、NS_GET_ID（6.18）等。box 的 user namespace \z
          的类型、所有者的 uid 和 id：",
      },
      lua = [[theirs = box:open("user")
return theirs:type(), theirs:owner_uid(), sys.geteuid(), (theirs:id())]],
      expect = {
        en = "user; the uid of whoever made it; an id, or nil where the kernel has none",
        zh = "user；创建者的 uid；id，内核没有时为 nil",
      },
      checks = {
        { { en = "a descriptor tells its type", zh = "描述符能说出自己的类型" },
          function(_, _, values) return of(values)[1] == "user" end },
        { { en = "the owner of a user namespace is whoever made it", zh = "user namespace 的所有者是创建它的用户" },
          function(_, _, values) return values and values[2] == values[3] end },
      } },
    { title = { en = "No namespace at all", zh = "根本不是 namespace" },
      text = {
        en = "A file that is no namespace knows none of these requests.",
        zh = "不是 namespace 的文件不认识这些请求。",
      },
      lua = [[ns.open("/etc/passwd")]],
      expect = { en = "ENOTTY, \"Inappropriate ioctl for device\"", zh = "ENOTTY：“Inappropriate ioctl for device”" },
      checks = {
        { { en = "a file that is no namespace is told apart: ENOTTY", zh = "不是 namespace 的文件能区分出来：ENOTTY" },
          function(out, _, values) return values == nil and out:find("Inappropriate ioctl for device", 1, true) ~= nil end },
      } },
    { title = { en = "As lsns shows it", zh = "lsns 的显示" },
      text = {
        en = "lsns(8) asks the same two questions: PNS is the parent, ONS the owner. 0 stands for none, and for one that it may not see.",
        zh = "lsns(8) 问的正是这两个问题：PNS 是父级，ONS 是所有者。0 表示没有，或者看不到。",
      },
      -- It gives up, with 1, when any process ends while it reads /proc.
      outside = function(s) return ("for try in {1..200}; do lsns -p %d -o NS,TYPE,PNS,ONS && break; done"):format(s.values.owner[5]) end,
      needs = function()
        return ns.run{ "lsns", "--help" }.stdout:find("ONS", 1, true) ~= nil,
          { en = "this lsns has no column ONS (util-linux 2.35 has)", zh = "这个 lsns 没有 ONS 一列（util-linux 2.35 有）" }
      end,
      expect = { en = "ONS of the line uts is NS of the line user", zh = "uts 一行的 ONS 就是 user 一行的 NS" },
      checks = {
        { { en = "lsns names the same owner", zh = "lsns 说出同一个所有者" },
          function(out, s)
            local uts_owner, user = out:match("%f[%w]uts%s+%d+%s+(%d+)"), out:match("(%d+) user%s")
            return uts_owner ~= nil and uts_owner == user and user == tostring(s.values.owner[3])
              and user ~= tostring(s.values.owner[4])
          end, depends = "user" },
      } },
  },
}
