-- /proc/PID/ns: which namespaces a process is in, and when two processes share one
local demo = require "nssh.demo"

local TYPES = { "mnt", "uts", "ipc", "pid", "net", "user", "cgroup", "time" }

-- What ls -l shows, by name of the link: { type, inode }.
local function links(out)
  local found = {}
  for name, type_name, inode in out:gmatch("([%l_]+) %-> '?(%l+):%[(%d+)%]") do found[name] = { type_name, inode } end
  return found
end

local function inode_of(out, type_name) return out:match("%f[%w]" .. type_name .. ":%[(%d+)%]") end

-- Lines "type same different": what ns.inode says of a process that joined, and of one that did not.
local same_rule = {}
for position, name in ipairs(TYPES) do
  same_rule[position] = {
    {
      en = ("%s: who joins has the same number, who does not has another"):format(name),
      zh = ("%s：加入者号码相同，未加入者不同"):format(name),
    },
    function(out) return ("\n" .. out .. "\n"):find("\n" .. name .. "%s+true%s+false\n") ~= nil end,
    depends = name, needs = "type " .. name,
  }
end

demo.main{
  title = { en = "/proc/PID/ns: who is where", zh = "/proc/PID/ns：查看进程所属的 namespace" },
  section = { en = "1. Which namespaces a process is in", zh = "1. Namespace 概述：查看进程所属的 namespaces" },
  text = {
    en = "Every process has a directory /proc/PID/ns with one link for each type. Where the link points says which namespace the process \z
      is in.",
    zh = "每个进程都有一个目录 /proc/PID/ns，每种类型在里面有一个链接。链接指向哪里，就说明进程属于哪个 namespace。",
  },
  programs = { "ls", "stat", "readlink", "nsenter", "unshare", "ipcmk", "ipcs", "hostname" },
  -- The queue that a control would make outside.
  host = { ipc = true },
  host_text = {
    en = "A throw-away IPC namespace plays the host, so that no queue is made in the real one.",
    zh = "用一个临时的 IPC namespace 充当宿主机，真正的宿主机里不会多出消息队列。",
  },
  steps = {
    { title = { en = "The links", zh = "链接" },
      text = { en = "The namespaces of this bash, as the article looks at its own:", zh = "像文章那样，查看当前 bash 所属的 namespace：" },
      outside = "ls -l /proc/$$/ns", name = "outside",
      expect = { en = "each link is called like a type and points to type:[number]", zh = "每个链接以类型命名，指向“类型:[号码]”" },
      checks = {
        { { en = "each link points to a namespace of its own type", zh = "每个链接指向同名类型的 namespace" },
          function(out)
            local count = 0
            for name, link in pairs(links(out)) do
              if name:gsub("_for_children$", "") ~= link[1] then return false, name .. " -> " .. link[1] end
              count = count + 1
            end
            return count >= 7
          end },
      } },
    { title = { en = "The number", zh = "号码" },
      text = {
        en = "The article: the number is an inode number. So stat(1), which follows the link here, has to find it too; and -f tells on \z
          which file system.",
        zh = "文章说这个号码是 inode number。那么 stat(1) 沿着链接也应当得到它；-f 显示它在哪种文件系统上。",
      },
      outside = "readlink /proc/$$/ns/ipc; stat -L -c %i /proc/$$/ns/ipc; stat -L -f -c %T /proc/$$/ns/ipc",
      expect = { en = "the same number twice, on nsfs", zh = "两次的号码相同，在 nsfs 上" },
      checks = {
        { { en = "the number in brackets is the inode number of the file", zh = "方括号里的号码就是文件的 inode number" },
          function(out) return inode_of(out, "ipc") == out:match("\n(%d+)\n") end },
      },
      why = {
        en = "nsfs is a file system that the kernel keeps for itself: each living namespace is a file in it. The number is its own as \z
          long as the namespace lives; after that a new namespace may get it (nssh demo_changes.lua).",
        zh = "nsfs 是内核内部的文件系统，每个存活的 namespace 是其中的一个文件。号码在 namespace 存活期间是唯一的；消失之后，可能被新的 namespace 使用（见 nssh demo_changes.lua）。",
      } },
    { title = { en = "Two processes", zh = "两个进程" },
      text = {
        en = "A second bash, in a new IPC namespace. Its other types are not mentioned, so they should be shared.",
        zh = "第二个 bash，在新的 IPC namespace 里。其他类型没有提到，应当是共享的。",
      },
      enter = { ipc = true } },
    { title = { en = "The links inside", zh = "里面的链接" },
      inside = "ls -l /proc/$$/ns", name = "inside",
      predict = { en = "Which numbers differ from those above?", zh = "哪些号码与上面的不同？" },
      expect = { en = "another number for ipc, and the same for all others", zh = "ipc 的号码不同，其余都相同" },
      checks = {
        { { en = "the two are in different IPC namespaces", zh = "两个 bash 属于不同的 IPC namespace" },
          function(out, s)
            local here, there = links(out).ipc, links(s.out.outside).ipc
            return here and there and here[2] ~= there[2]
          end, depends = "ipc" },
        { { en = "they share the namespaces of all other types", zh = "其他类型的 namespace 都是同一个" },
          function(out, s)
            local here, count = links(out), 0
            for name, link in pairs(links(s.out.outside)) do
              if name ~= "ipc" then
                if here[name][2] ~= link[2] then return false, name end
                count = count + 1
              end
            end
            return count >= 6
          end },
      } },
    { title = { en = "What the number promises", zh = "号码意味着什么" },
      text = {
        en = "Same number, same namespace: so what one process makes there, the other sees. A message queue, made inside:",
        zh = "号码相同就是同一个 namespace，一个进程在里面创建的东西，另一个也看得到。在里面创建一个消息队列：",
      },
      inside = "ipcmk -Q; ipcs -q", name = "queue",
      expect = { en = "the head of the list and one line", zh = "表头和一行" },
      checks = {
        { { en = "inside, there is a queue", zh = "里面有一个队列" }, function(out) return out:find("\n0x%x+%s+%d+") ~= nil end },
      } },
    { title = { en = "Another number", zh = "号码不同" },
      text = {
        en = "Nobody outside sees it.",
        zh = "外面看不到它。",
      },
      outside = "readlink /proc/self/ns/ipc; ipcs -q",
      expect = { en = "the head of the list only", zh = "只有表头" },
      checks = {
        { { en = "with another number, the queue is not seen", zh = "号码不同，看不到队列" },
          function(out) return not out:find("\n0x%x+%s+%d+") end, depends = "ipc" },
      } },
    { title = { en = "The same number", zh = "号码相同" },
      text = {
        en = "A process that joins does: nsenter(1) opens the link of bash and gives the descriptor to setns(2), as the article says of \z
          these files.",
        zh = "加入进去的进程看得到：nsenter(1) 打开 bash 的链接，把描述符交给 setns(2)，正如文章所说，这些文件可以用作 setns 的参数。",
      },
      outside = function(s)
        return ("nsenter --ipc=/proc/%d/ns/ipc sh -c 'readlink /proc/self/ns/ipc; ipcs -q'"):format(s.inside.pid)
      end,
      expect = { en = "the number of the bash inside, and its queue", zh = "里面那个 bash 的号码，以及它的队列" },
      checks = {
        { { en = "with the same number, the queue is seen", zh = "号码相同，看得到队列" },
          function(out, s)
            local queue = out:match("\n(0x%x+%s+%d+)")
            return queue and queue == s.out.queue:match("\n(0x%x+%s+%d+)") and inode_of(out, "ipc") == links(s.out.inside).ipc[2]
          end, depends = "step queue" },
      } },
    { title = { en = "The rule for every type", zh = "对每种类型都成立" },
      text = {
        en = "\"The rule holds for the other types as well.\" For each type: a process in a new namespace, one that joins it, and nssh, \z
          which does not. Does the number of the first equal that of the second, and of nssh?",
        zh = "“这条规则对其他类型的 namespace 也同样适用。”对每种类型：一个进程在新的 namespace 里，另一个加入它，nssh 没有加入。第一个的号码与第二个相同吗？与 nssh 相同吗？",
      },
      lua = [[for _, t in ipairs(ns.types()) do
  if t.supported then
    local first <close> = ns.clone{ [t.name] = true }
    local second <close> = ns.clone{ [t.name] = first }
    print(("%-6s  %-5s  %s"):format(t.name, ns.same(first, second, t.name), ns.same(first, "self", t.name)))
  end
end]],
      expect = { en = "true and false in every line", zh = "每行都是 true 和 false" },
      checks = same_rule },
    { title = { en = "The next children", zh = "下一个子进程" },
      text = {
        en = "The link pid_for_children of the article's list usually says the same as pid. It differs after unshare(2): the caller \z
          stays in its PID namespace, and only its children go to the new one.",
        zh = "文章列表里的 pid_for_children 通常与 pid 相同。unshare(2) 之后就不同了：调用者留在原来的 PID namespace，只有它的子进程进入新的。",
      },
      -- The first child is PID 1 of the new namespace: without one that stays, the kernel makes no second.
      outside = "unshare --pid sh -c 'sleep 60 & for link in pid pid_for_children; do readlink /proc/$$/ns/$link; done; kill -9 $!'; \z
        readlink /proc/$$/ns/pid",
      expect = { en = "the second number differs, the first is that of the bash outside", zh = "第二个号码不同，第一个与外面的 bash 相同" },
      checks = {
        { { en = "after unshare of pid, the caller is where it was", zh = "unshare pid 之后，调用者还在原处" },
          function(out)
            local first, _, last = out:match("^pid:%[(%d+)%]\npid:%[(%d+)%]\npid:%[(%d+)%]$")
            return first ~= nil and first == last
          end },
        { { en = "its next children are elsewhere", zh = "它的下一个子进程在别处" },
          function(out)
            local first, children = out:match("^pid:%[(%d+)%]\npid:%[(%d+)%]")
            return first ~= nil and children ~= first
          end },
      } },
  },
}
