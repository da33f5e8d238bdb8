-- The eight types of namespaces, with flags and versions, against what this kernel says
local demo = require "nssh.demo"

-- The article's table: name under /proc/PID/ns, flag, the Linux version that completed it.
local ARTICLE = {
  { "mnt", "CLONE_NEWNS", "2.4.19" }, { "uts", "CLONE_NEWUTS", "2.6.19" }, { "ipc", "CLONE_NEWIPC", "2.6.19" },
  { "pid", "CLONE_NEWPID", "2.6.24" }, { "net", "CLONE_NEWNET", "2.6.29" }, { "user", "CLONE_NEWUSER", "3.8" },
  { "cgroup", "CLONE_NEWCGROUP", "4.6" }, { "time", "CLONE_NEWTIME", "5.6" },
}
local NAMES = {}
for position, row in ipairs(ARTICLE) do NAMES[position] = row[1] end

local function has_word(text, word) return text:find("%f[%w_]" .. word .. "%f[^%w_]") ~= nil end

-- Whether this kernel was built with all eight, where it says how it was built.
local function is_built_with_all()
  local file <close> = io.open("/boot/config-" .. sys.uname().release)
  local config = file and file:read("a")
  for _, option in ipairs{ "UTS_NS", "IPC_NS", "PID_NS", "NET_NS", "USER_NS", "CGROUPS", "TIME_NS" } do
    if config and not config:find("\nCONFIG_" .. option .. "=y", 1, true) then
      return false, { en = "this kernel was built without CONFIG_" .. option, zh = "内核编译时没有启用 CONFIG_" .. option }
    end
  end
  return true
end

-- "uts 4026531838 4026532177" of each line, by type.
local function rows(out)
  local found = {}
  for name, a, b in out:gmatch("(%l+)%s+(%d+)%s+(%d+)") do found[name] = { a, b } end
  return found
end

local function is_isolated(name)
  return {
    { en = ("%s: a new one is another one"):format(name), zh = ("%s：新建的与原来的不同"):format(name) },
    function(out)
      local row = rows(out)[name]
      return row and row[1] ~= row[2]
    end,
    depends = name, needs = "type " .. name,
  }
end

local isolated = {}
for position, name in ipairs(NAMES) do isolated[position] = is_isolated(name) end

demo.main{
  title = { en = "Types: eight kinds of namespace", zh = "类型：八种 namespace" },
  section = { en = "1. Introduction", zh = "1. Namespace 概述：简介" },
  text = {
    en = "A namespace makes one kind of global resource of the kernel private to the processes in it. There are eight kinds. The article \z
      lists them in a table; here the table is held against the kernel that runs this machine.",
    zh = "namespace 把内核的某一种全局资源变成其中的进程所独有。一共有八种。文章用一张表列出了它们；这里拿这张表与本机的内核对照。",
  },
  programs = { "ls", "uname", "hostname", "nsenter", "readlink" },
  steps = {
    { title = { en = "The table", zh = "表格" },
      text = {
        en = "nssh knows the table: the name under /proc/PID/ns, the flag of clone(2), its bit, the Linux version, and what it isolates.",
        zh = "nssh 里有这张表：/proc/PID/ns 下的名字、clone(2) 的 flag、对应的位、Linux 版本，以及隔离的内容。",
      },
      lua = [[for _, t in ipairs(ns.types()) do
  print(("%-6s %-15s %#10x  %-6s  %s"):format(t.name, t.flag, t.bit, t.since, t.isolates))
end]],
      expect = { en = "eight lines, the oldest type first", zh = "八行，最早的类型在最前面" },
      checks = {
        { { en = "nssh's table is the article's: eight types, their flags and versions", zh = "nssh 的表与文章一致：八种类型及其 flag 和版本" },
          function(out)
            local position = 0
            for name, flag, since in out:gmatch("(%l+)%s+(CLONE_%u+)%s+0x%x+%s+([%d.]+)") do
              position = position + 1
              local row = ARTICLE[position] or {}
              if row[1] ~= name or row[2] ~= flag or row[3] ~= since then return false, name .. " " .. flag .. " " .. since end
            end
            return position == #ARTICLE
          end },
      },
      why = {
        en = "When mount namespaces came, nobody thought of other kinds: hence NEWNS and not NEWMOUNT. Two types took years: net began \z
          in 2.6.24 and user in 2.6.23; the table has the versions that completed them.",
        zh = "出现 mount namespace 的时候，没有人想到还会有别的类型，所以叫 NEWNS 而不是 NEWMOUNT。有两种类型做了好几年：net 始于 2.6.24，user 始于 2.6.23，表中是完成的版本。",
      } },
    { title = { en = "What this kernel has", zh = "本机内核有什么" },
      text = {
        en = "Every process has one link for each type that its kernel has.",
        zh = "内核支持的每一种类型，在每个进程的目录下都有一个链接。",
      },
      outside = "uname -r; ls /proc/self/ns", name = "links",
      expect = {
        en = "the eight names, and two that end in _for_children", zh = "八个名字，另有两个以 _for_children 结尾",
      },
      checks = {
        { { en = "every link is of one of the eight", zh = "每个链接都属于这八种之一" },
          function(out)
            local count = 0
            for link in out:gsub("^[^\n]*", ""):gmatch("[%l_]+") do
              if not has_word(table.concat(NAMES, " "), (link:gsub("_for_children$", ""))) then return false, link end
              count = count + 1
            end
            return count > 0
          end },
        { { en = "this kernel has all eight", zh = "本机内核八种都有" },
          function(out)
            for _, row in ipairs(ARTICLE) do
              if not has_word(out, row[1]) then return false, row[1] end
            end
            return true
          end, needs = { "kernel 5.6", is_built_with_all } },
      },
      why = {
        en = "A kernel may also be built without a type (CONFIG_UTS_NS and so on). pid_for_children and time_for_children are no types: \z
          they say where the process's next children will be.",
        zh = "内核也可能在编译时去掉某种类型（CONFIG_UTS_NS 等）。pid_for_children 和 time_for_children 不是类型：它们说明该进程的下一个子进程将在哪里。",
      } },
    { title = { en = "The kernel's own word for the bits", zh = "由内核说出这些位" },
      text = {
        en = "The ioctl NS_GET_NSTYPE answers with the flag's value. ns.open asks it of every link that it opens; ns.trace shows the \z
          answer.",
        zh = "ioctl NS_GET_NSTYPE 的返回值就是 flag 的值。ns.open 打开每个链接时都会问它，ns.trace 显示得到的回答。",
      },
      lua = [[bits = {}
for _, t in ipairs(ns.types()) do
  if t.supported then
    local calls = ns.trace(function() ns.open("/proc/self/ns/" .. t.name):close() end)
    for _, c in ipairs(calls) do
      if c.text:find("NS_GET_NSTYPE", 1, true) then bits[t.name] = c.result end
    end
    print(("%-6s %#10x  %#10x"):format(t.name, t.bit, bits[t.name]))
  end
end]],
      expect = { en = "the same number twice in each line", zh = "每行两个数相同" },
      checks = {
        { { en = "the kernel gives every type that has a link the bit of the table", zh = "凡有链接的类型，内核给出的位与表中一致" },
          function(out, s)
            local answers = {}
            for name, known, answer in out:gmatch("(%l+)%s+(0x%x+)%s+(0x%x+)") do
              if known ~= answer then return false, name end
              answers[name] = answer
            end
            for _, name in ipairs(NAMES) do
              if has_word(s.out.links, name) and not answers[name] then return false, name end
            end
            return next(answers) ~= nil
          end },
        { { en = "each flag is a bit of its own, says the kernel", zh = "内核说：每个 flag 各占一位" },
          function(out)
            local all = 0
            for digits in out:gmatch("0x(%x+)%f[\n\0]") do
              local bit = tonumber(digits, 16)
              if bit & (bit - 1) ~= 0 or all & bit ~= 0 then return false, digits end
              all = all | bit
            end
            return all ~= 0
          end },
      } },
    { title = { en = "Each type, one new namespace", zh = "每种类型各建一个" },
      text = {
        en = "A program is run once in a new namespace of each type. The first number is nssh's namespace, the second the program's.",
        zh = "对每种类型，让一个程序在新的 namespace 里运行一次。第一个数是 nssh 所在的 namespace，第二个是程序所在的。",
      },
      lua = [[for _, t in ipairs(ns.types()) do
  if t.supported then
    local r = ns.run{ [t.name] = true, "readlink", "/proc/self/ns/" .. t.name }
    print(("%-6s  %d  %s"):format(t.name, ns.inode("self", t.name), r.stdout:match("%d+")))
  end
end]],
      expect = { en = "two different numbers in each line", zh = "每行两个数不同" },
      checks = isolated },
    { title = { en = "All at once", zh = "一次全建" },
      text = {
        en = "The flags are bits so that one call can take any of them together. This process differs from nssh in:",
        zh = "flag 是位，所以一次调用可以组合任意几种。下面这个进程与 nssh 不同的有：",
      },
      lua = [[wanted = {}
for _, t in ipairs(ns.types()) do wanted[t.name] = t.supported end
box = ns.clone(wanted)
differs = {}
for name in pairs(ns.diff("self", box)) do differs[#differs + 1] = name end
table.sort(differs)
return table.concat(differs, " "), ns.plan(wanted)]],
      expect = {
        en = "every type, made by one clone3(2) (before Linux 6.3, time by an unshare(2) of its own)",
        zh = "所有类型，由一次 clone3(2) 建立（Linux 6.3 之前，time 另由一次 unshare(2) 建立）",
      },
      checks = {
        { { en = "one process is in a new namespace of every type", zh = "一个进程处于每种类型的新 namespace 中" },
          function(_, s, values)
            for _, name in ipairs(NAMES) do
              if has_word(s.out.links, name) and not has_word(values and values[1] or "", name) then return false, name end
            end
            return true
          end, depends = NAMES },
      } },
    { title = { en = "What clone(2) has no room for", zh = "clone(2) 放不下的 flag" }, needs = "type time",
      text = {
        en = "The low byte of clone(2)'s flags is the signal that the parent gets when the child ends. Which of the kernel's flags \z
          lies there?",
        zh = "clone(2) 的 flags 的最低字节，是子进程结束时发给父进程的信号。内核的哪个 flag 落在这里？",
      },
      predict = { en = "Which type cannot be asked of clone(2)?", zh = "哪种类型不能用 clone(2) 建立？" },
      lua = [[low = {}
for name, bit in pairs(bits) do
  if bit & 0xff ~= 0 then low[#low + 1] = ns.types()[name].flag end
end
return table.concat(low, " ")]],
      expect = { en = "CLONE_NEWTIME, and no other", zh = "只有 CLONE_NEWTIME" },
      checks = {
        { { en = "only CLONE_NEWTIME lies in the byte of the signal", zh = "只有 CLONE_NEWTIME 落在信号那个字节里" },
          function(_, _, values) return values and values[1] == "CLONE_NEWTIME" end },
      },
      why = {
        en = "All other bits were taken in 2020. So the article's clone(2) cannot make a time namespace: unshare(2) can, and since \z
          Linux 6.3 clone3(2).",
        zh = "到 2020 年，其他的位都已用完。所以文章里的 clone(2) 建不了 time namespace：要用 unshare(2)，从 Linux 6.3 起也可以用 clone3(2)。",
      } },
    { title = { en = "What isolated means", zh = "隔离的含义" },
      text = {
        en = "One type, to see what they all promise. A bash in a UTS namespace of its own:",
        zh = "拿一种类型来看它们共同的承诺。一个 bash，在自己的 UTS namespace 里：",
      },
      enter = { uts = true } },
    { title = { en = "The name before", zh = "原来的名字" },
      outside = "hostname", name = "before" },
    { title = { en = "A change inside", zh = "在里面改动" },
      text = { en = "bash takes another name for its system.", zh = "bash 给自己的系统换一个名字。" },
      inside = function(s) return s.out.before == "bash" and "hostname bash-inside; hostname" or "hostname bash; hostname" end,
      name = "changed",
      expect = { en = "the new name", zh = "新的名字" },
      checks = {
        { { en = "inside, the name has changed", zh = "里面的名字变了" },
          function(out, s) return out:find("^bash") and out ~= s.out.before end },
      } },
    { title = { en = "Others in the same namespace", zh = "同一个 namespace 里的其他进程" },
      text = {
        en = "Every other process in the same namespace sees it: nsenter(1) joins it by setns(2) and starts hostname there.",
        zh = "同一个 namespace 里的其他进程都看得到：nsenter(1) 用 setns(2) 加入 bash 的 namespace，在那里启动 hostname。",
      },
      outside = function(s) return ("nsenter --target %d --uts hostname"):format(s.inside.pid) end,
      expect = { en = "the new name", zh = "新的名字" },
      checks = {
        { { en = "other processes in the namespace see the change", zh = "同一 namespace 里的其他进程看得到改动" },
          function(out, s) return out == s.out.changed end, depends = "step changed" },
      } },
    { title = { en = "Processes elsewhere", zh = "别处的进程" },
      text = { en = "Nobody outside sees it.", zh = "外面的谁也看不到。" },
      outside = "hostname",
      expect = { en = "the name from before", zh = "原来的名字" },
      checks = {
        { { en = "processes elsewhere do not see it", zh = "其他 namespace 里的进程看不到" },
          function(out, s) return out == s.out.before end, depends = "uts" },
      },
      why = {
        en = "That is the article's first sentence: a change of a resource concerns the processes in that namespace, and no others.",
        zh = "这就是文章的第一句话：改变一个 namespace 中的系统资源，只会影响其中的进程，对其他进程没有影响。",
      } },
  },
}
