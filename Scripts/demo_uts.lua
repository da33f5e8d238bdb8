-- UTS namespace: a host name and a domain name of one's own
local demo = require "nssh.demo"

local function inode(link) return link:match("^uts:%[(%d+)%]$") end

demo.main{
  title = { en = "UTS: a host name of one's own", zh = "UTS：自己的主机名" },
  section = { en = "2. UTS", zh = "2. Go 演示：UTS" },
  text = {
    en = "A UTS namespace holds two names of the system: nodename, which hostname shows, and domainname, the NIS domain. A bash in a new \z
      one may change them, and nobody else notices.",
    zh = "UTS namespace 隔离两个系统标识：nodename（即 hostname 显示的主机名）和 domainname（NIS 域名）。在新的 UTS namespace 里，\z
      bash 可以随意修改它们，其他进程毫无察觉。",
  },
  programs = { "pstree", "readlink", "hostname", "domainname", "uname" },
  steps = {
    { outside = "hostname; domainname", name = "before",
      title = { en = "The two names, before", zh = "修改之前的两个名字" },
      text = {
        en = "What the host is called, before anything happens. Most machines have no NIS domain: (none).",
        zh = "先记下宿主机的名字。多数机器没有设置 NIS 域名，显示 (none)。",
      },
      checks = {
        { { en = "outside, there are both names", zh = "外面：两个名字都有" },
          function(out) return select(2, out:gsub("[^\n]+", "")) == 2 end },
      } },
    { enter = { uts = true },
      title = { en = "bash in a new UTS namespace", zh = "在新的 UTS namespace 里启动 bash" },
      text = {
        en = "The article's Go program: a bash as a child of nssh, made by one clone with CLONE_NEWUTS. nssh itself stays outside.",
        zh = "相当于文中的 Go 程序：带 CLONE_NEWUTS 调用一次 clone，创建子进程 bash；nssh 自己留在外面。",
      } },
    { inside = "pstree -pl",
      title = { en = "Who is whose child", zh = "用 pstree 查看进程关系" },
      text = function(s)
        return {
          en = ("Look for nssh, process %d, and the new bash, %d."):format(s.pid, s.inside.pid),
          zh = ("留意 nssh（进程 %d）和新的 bash（进程 %d）。"):format(s.pid, s.inside.pid),
        }
      end,
      focus = demo.around_bash,
      expect = { en = "bash hangs below nssh", zh = "bash 是 nssh 的子进程" },
      checks = {
        { { en = "the new bash is a child of nssh", zh = "新的 bash 是 nssh 的子进程" },
          function(out, s) return demo.is_child(out, s.pid, s.inside.pid) end },
      } },
    { outside = "readlink /proc/self/ns/uts", name = "uts_outside",
      title = { en = "Are they in the same namespace?", zh = "二者的 uts 是否相同" },
      checks = {
        { { en = "outside is where nssh was, and still is", zh = "外面就是 nssh 一直所在的 namespace" },
          function(out) return inode(out) == tostring(ns.inode("self", "uts")) end },
      } },
    { inside = "readlink /proc/$$/ns/uts",
      predict = { en = "Will the number be the same?", zh = "里面的数字会和外面相同吗？" },
      expect = { en = "another number", zh = "另一个数字" },
      why = {
        en = "The number is the namespace's inode: two processes are in the same namespace just when their numbers are the same.",
        zh = "方括号里是 namespace 的 inode number：数字相同，才说明两个进程属于同一个 namespace。",
      },
      checks = {
        { { en = "inside and outside are different UTS namespaces", zh = "里面和外面是不同的 UTS namespace" },
          function(out, s)
            return inode(out) and inode(out) ~= inode(s.out.uts_outside) and inode(out) == tostring(s.inside:inode("uts"))
          end, depends = "uts" },
      } },
    { inside = "hostname; domainname",
      title = { en = "A copy at first", zh = "起初是一份拷贝" },
      expect = { en = "the host's names", zh = "宿主机的两个名字" },
      why = {
        en = "A new UTS namespace starts with a copy of the names of the one that its maker was in.",
        zh = "新的 UTS namespace 以创建者当时的名字为初值。",
      },
      checks = {
        { { en = "inside, the names are at first the host's", zh = "里面：起初是宿主机的名字" },
          function(out, s) return out == s.out.before end },
      } },
    -- On a host that is already called bash, the article's name would prove nothing.
    { inside = function(s) return ("hostname %s && hostname"):format(s.out.before:find("^bash\n") and "bash-inside" or "bash") end,
      name = "inside",
      title = { en = "A new host name, inside", zh = "在里面修改 hostname" },
      expect = { en = "the new name", zh = "新的名字" },
      checks = {
        { { en = "inside, the host name has changed", zh = "里面：主机名已改变" },
          function(out, s) return out:find("^bash") ~= nil and out ~= s.out.before:match("^[^\n]*") end },
      } },
    { inside = "domainname inside.example && domainname",
      title = { en = "A new domain name, inside", zh = "在里面修改 domainname" },
      expect = "inside.example",
      why = {
        en = "The article names domainname and does not show it: setdomainname(2), the other system call that a UTS namespace is about.",
        zh = "文中提到 domainname 却没有演示：对应的系统调用是 setdomainname(2)。",
      },
      checks = {
        { { en = "inside, the domain name has changed", zh = "里面：域名已改变" },
          function(out, s) return out == "inside.example" and not s.out.before:find("\ninside.example$") end },
      } },
    { outside = "hostname; domainname",
      title = { en = "The host, afterwards", zh = "宿主机上再看" },
      text = {
        en = "The article opens a second terminal for this; nssh is that terminal.",
        zh = "文中为此新开了一个终端；在这里，nssh 就是那个终端。",
      },
      expect = { en = "both names as before", zh = "两个名字都没有变" },
      predict = { en = "What is the host called now?", zh = "宿主机现在叫什么？" },
      checks = {
        { { en = "outside, the names are what they were", zh = "外面：两个名字都没有变" },
          function(out, s) return out == s.out.before end, depends = "uts" },
      } },
    { inside = "uname -n; uname -sr",
      title = { en = "What it does not hold", zh = "它不隔离什么" },
      text = {
        en = "uname(2) reports from the same structure. Its first line here is nodename, its second the kernel.",
        zh = "uname(2) 读的是同一个结构体。第一行是 nodename，第二行是内核。",
      },
      expect = { en = "the new name, and the host's kernel", zh = "新的名字，和宿主机的内核" },
      why = {
        en = "A namespace is no virtual machine: there is one kernel. Each UTS namespace has a copy of all the fields, but only \z
          sethostname(2) and setdomainname(2) change any.",
        zh = "namespace 不是虚拟机，内核只有一个。每个 UTS namespace 都有整个结构体的一份拷贝，但只有 sethostname(2) 和 setdomainname(2) 能修改其中的字段。",
      },
      checks = {
        { { en = "inside, nodename is the new host name", zh = "里面：nodename 就是新的主机名" },
          function(out, s) return out:match("^[^\n]*") == s.out.inside end },
        { { en = "inside, the kernel is the host's", zh = "里面：内核仍是宿主机的" },
          function(out)
            local system = sys.uname()
            return out:match("\n(.*)$") == system.sysname .. " " .. system.release
          end },
      } },
    { lua = [[
ns.call({ uts = "red" }, function()
  local inner <close> = ns.clone{ uts = true }
  sys.hostname("blue")
  return sys.hostname(), inner:call(sys.hostname)
end)]],
      title = { en = "A copy, and no more than that", zh = "只是拷贝，不会同步" },
      text = {
        en = "In Lua, both sides at once: a namespace called red, a second one made in it, and then the first takes another name. Will \z
          the second follow?",
        zh = "用 Lua 可以同时握住两边：先有名为 red 的 namespace，在其中再创建一个，然后前者改名为 blue。后者会跟着变吗？",
      },
      expect = { en = '"blue" in the first, still "red" in the second', zh = "前者是 blue，后者仍是 red" },
      checks = {
        { { en = "a change outside does not reach in either", zh = "外面的修改同样不会影响里面" },
          function(_, _, values) return values[1] == "blue" and values[2] == "red" end, depends = "uts" },
      } },
  },
}
