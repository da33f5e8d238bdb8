-- Lifetime: when a namespace dies, and all that keeps it alive
local demo = require "nssh.demo"

-- Titles of what comes in each case.
local ALONE = { en = "… and no process", zh = "……没有进程" }
local LET_GO = { en = "… let go", zh = "……放手" }

-- What a chunk answers that ends with lives(w): it lives, and so many processes are in it.
local function lives_with(count)
  return function(out, _, values)
    return values and values[values.n - 1] == true and values[values.n] == count, "it answered " .. out
  end
end
local lives_alone = lives_with(0)

-- And of one that begins with dies(w).
local function died(out, _, values)
  return values and values[1] == true, "it answered " .. out
end

demo.main{
  title = { en = "Lifetime: what keeps a namespace alive", zh = "生命周期：是什么让 namespace 活着" },
  section = { en = "1. Namespace lifetime", zh = "1. Namespace 概述：namespace lifetime" },
  text = {
    en = "A namespace is destroyed when the last process in it has ended or left. The article lists seven special cases in which it stays \z
      without a process. Each is made here; then what holds the namespace is let go. A weak reference watches: it names a namespace and \z
      does not keep it alive.",
    zh = "当一个 namespace 中的所有进程都结束或离开后，它就会被销毁。文章列出了七种没有进程也能保留 namespace 的特殊情况。这里逐一制造出来，\z
      再逐一放手，用一个弱引用来观察：弱引用指得出这个 namespace，却不会让它活着。",
  },
  programs = { "unshare", "mount", "ls", "umount" },
  host = { mnt = true },
  host_text = {
    en = "A throw-away mnt namespace plays the host, so that no mount of this lesson reaches yours.",
    zh = "这里用一个一次性的 mnt namespace 充当宿主机，课程里的挂载都不会影响你的系统。",
  },
  needs = "feature ns_handles",
  steps = {
    { title = { en = "Tools", zh = "工具" },
      text = {
        en = "weakly makes a weak reference from a link below /proc/PID/ns; nssh's own namespaces are marked, as they cannot die here. A \z
          death may take the kernel a moment: dies waits for it, up to a minute. lives waits too, until two younger namespaces of the \z
          type, canaries that nothing holds, are seen to have died: what is alive then is so for a reason. It also counts the processes.",
        zh = "weakly 从 /proc/PID/ns 下的链接得到一个弱引用；nssh 自己所在的 namespace 会做个记号，因为它们在这里不会消失。内核销毁需要一点时间：dies 会等，\z
          最多一分钟。lives 也会等，直到两个更晚创建、无人持有的同类 namespace（金丝雀）确实消失：那时还活着的，就有活着的理由。它还会数出里面的进程。",
      },
      lua = [[
function weak(h)
  return { ref = ns.weak(h), type = h:type(), is_ours = h:inode() == ns.inode("self", h:type()) }
end
function weakly(process, link)
  local h <close> = ns.open("/proc/" .. process.pid .. "/ns/" .. link)
  return weak(h)
end
function is_dead(w)
  local alive, certain = w.ref:alive()
  return certain and not alive
end
function dies(w)
  local deadline = sys.clock() + (w.is_ours and 0 or 60)
  repeat
    if is_dead(w) then return true end
    sys.sleep(0.01)
  until sys.clock() > deadline
  return false
end
function lives(w)
  for _ = 1, 2 do
    local canary = ns.clone{ [w.type] = true }
    local watch = weakly(canary, w.type)
    canary:close()
    if not dies(watch) then return nil, "no canary has died" end
  end
  local opened, h = pcall(w.ref.open, w.ref)
  if not opened then return false, h end
  local _ <close> = h
  return true, #h:processes()
end]] },

    { title = { en = "The rule", zh = "一般规则" },
      text = { en = "A process in a new uts namespace.", zh = "一个进程，在新的 uts namespace 里。" },
      lua = [[
box = ns.clone{ uts = true }
w = weakly(box, "uts")]] },
    { title = { en = "… another one joins", zh = "……又一个加入" }, name = "join",
      text = { en = "Another process enters it.", zh = "另一个进程进入其中。" },
      lua = [[guest = ns.clone{ uts = box }]] },
    { title = { en = "… the first one ends", zh = "……先来的结束" },
      text = {
        en = "The one that it was made for ends. Is it alive, and how many processes are in it?",
        zh = "当初为之创建的那个进程结束。它还活着吗？里面有几个进程？",
      },
      lua = 'box:close()\nreturn lives(w)',
      expect = { en = "true 1: it is alive, with the guest in it", zh = "true 1：还活着，里面是后来的那个" },
      checks = {
        { { en = "while a process is in it, it is alive", zh = "有进程在里面时，它活着" }, lives_with(1), depends = { "step join", "uts" } },
      } },
    { title = { en = "… left by all", zh = "……全都离开" },
      lua = 'guest:close()\nreturn dies(w)',
      predict = { en = "The only process ends. Is the namespace still there?", zh = "唯一的进程结束后，namespace 还在吗？" },
      expect = { en = "true: it is gone", zh = "true：它消失了" },
      why = { en = "Nothing referred to it any more; the weak reference does not count.", zh = "再没有东西引用它；弱引用不算数。" },
      checks = {
        { { en = "when its last process ends, it dies", zh = "最后一个进程结束，它就被销毁" }, died, depends = "uts" },
      } },

    { title = { en = "1 · An open descriptor", zh = "1 · 打开的文件描述符" }, name = "open",
      text = {
        en = "Another one, and a descriptor on it: open(2) of /proc/PID/ns/ipc.",
        zh = "再来一个，并打开它的描述符：对 /proc/PID/ns/ipc 调用 open(2)。",
      },
      lua = "box = ns.clone{ ipc = true }\nw = weakly(box, \"ipc\")\nh = box:open(\"ipc\")" },
    { title = ALONE,
      lua = 'box:close()\nreturn lives(w)',
      expect = { en = "true 0: alive, and no process in it", zh = "true 0：没有进程，仍然活着" },
      checks = {
        { { en = "an open descriptor keeps it alive without a process", zh = "没有进程时，打开的描述符让它活着" }, lives_alone,
          depends = { "step open", "ipc" } },
      } },
    { title = LET_GO,
      lua = 'h:close()\nreturn dies(w)',
      checks = {
        { { en = "the descriptor is closed: it dies", zh = "描述符关闭：它被销毁" }, died, depends = "ipc" },
      } },

    { title = { en = "1 · A bind mount", zh = "1 · bind mount" },
      text = {
        en = "A descriptor ends with its process; a bind mount of /proc/PID/ns/net has a name and stays. That is what ip netns does.",
        zh = "描述符随进程消失；对 /proc/PID/ns/net 做 bind mount 则有了名字，会一直留着。ip netns 就是这样做的。",
      },
      lua = [[
sys.mount{ source = "none", target = "/mnt", type = "tmpfs" }
ns.run{ "mkdir", "/mnt/mq", "/mnt/proc" }
box = ns.clone{ net = true }
w = weakly(box, "net")]] },
    { title = { en = "… a name", zh = "……有了名字" }, name = "pin",
      lua = 'h = box:open("net")\nh:pin("/mnt/box")\nh:close()',
      why = { en = "mount --bind /proc/PID/ns/net /mnt/box", zh = "相当于 mount --bind /proc/PID/ns/net /mnt/box" } },
    { title = ALONE,
      lua = 'box:close()\nreturn lives(w)',
      expect = { en = "true 0: alive by its name", zh = "true 0：靠名字活着" },
      checks = {
        { { en = "a bind mount keeps it alive without a process", zh = "没有进程时，bind mount 让它活着" }, lives_alone,
          depends = { "step pin", "net" } },
      } },
    { title = LET_GO,
      lua = 'ns.unpin("/mnt/box")\nreturn dies(w)',
      checks = {
        { { en = "the mount is gone: it dies", zh = "卸载之后：它被销毁" }, died, depends = "net" },
      } },

    { title = { en = "2 · A child namespace", zh = "2 · 子 namespace" },
      text = {
        en = "pid and user namespaces are trees. unshare(1) moves from a new user namespace into one more: the outer one has no \z
          process then.",
        zh = "pid 和 user namespace 是树状的。unshare(1) 从一个新的 user namespace 再进入下一层：外层就没有进程了。",
      },
      lua = [[
box = ns.clone{ user = "root", "bash", "-c", "read; exec unshare --user --map-root-user sleep 1000", stdin = "pipe" }
w = weakly(box, "user")
outer = box:inode("user")]] },
    { title = { en = "… one level down", zh = "……进入下一层" }, name = "child",
      lua = 'box.stdin:write("go\\n"):flush()\nrepeat sys.sleep(0.01) until box:inode("user") ~= outer' },
    { title = ALONE,
      lua = [[
local h <close> = ns.open("/proc/" .. box.pid .. "/ns/user")
local parent <close> = h:parent()
return parent:inode() == outer, lives(w)]],
      expect = { en = "true true 0: it is the parent, and alive, and no process is in it", zh = "true true 0：它是父级，活着，里面没有进程" },
      checks = {
        { { en = "a child namespace keeps its parent alive", zh = "子 namespace 让父 namespace 活着" }, function(out, s, values)
          return values and values[1] and lives_alone(out, s, values), "it answered " .. out
        end, depends = { "step child", "user" } },
      } },
    { title = LET_GO,
      lua = 'box:close()\nreturn dies(w)',
      checks = {
        { { en = "the child is gone: the parent dies", zh = "子 namespace 消失：父 namespace 被销毁" }, died, depends = "user" },
      } },

    { title = { en = "3 · An owner", zh = "3 · 拥有者" }, name = "owned",
      text = {
        en = "A user namespace owns the namespaces that its processes make. Here one owns a uts namespace, which a descriptor holds.",
        zh = "user namespace 拥有其进程创建的其他 namespace。这里它拥有一个 uts namespace，后者由描述符保持。",
      },
      lua = [[
box = ns.clone{ user = "root", uts = true }
w = weakly(box, "user")
h = box:open("uts")]] },
    { title = ALONE,
      lua = 'box:close()\nreturn lives(w)',
      expect = { en = "true 0: the owner lives as long as what it owns", zh = "true 0：只要它拥有的还在，它就在" },
      checks = {
        { { en = "what it owns keeps a user namespace alive", zh = "被拥有的 namespace 让 user namespace 活着" }, lives_alone,
          depends = { "step owned", "uts", "user" } },
      } },
    { title = LET_GO,
      lua = 'h:close()\nreturn dies(w)',
      checks = {
        { { en = "what it owned is gone: the owner dies", zh = "被拥有的消失：拥有者被销毁" }, died, depends = "user" },
      } },

    { title = "4 · pid_for_children",
      text = {
        en = "unshare(2) of a pid namespace is for the children. This bash will call it by unshare(1), and stay where it is.",
        zh = "对 pid namespace 调用 unshare(2) 只影响子进程。这个 bash 将通过 unshare(1) 调用它，自己留在原处。",
      },
      lua = [[
box = ns.clone{ "bash", "-c", "read; exec unshare --pid bash -c '/bin/true; echo ready; read'", stdin = "pipe", stdout = "pipe" }]] },
    { title = { en = "… unshare", zh = "……调用 unshare" }, name = "pending",
      lua = 'box.stdin:write("go\\n"):flush()\nreturn box.stdout:read("l")',
      why = {
        en = "Its first child, /bin/true, was PID 1 of the new namespace, and has ended already.",
        zh = "它的第一个子进程 /bin/true 是新 namespace 的 1 号进程，已经结束。",
      } },
    { title = ALONE,
      lua = [[
w = weakly(box, "pid_for_children")
return lives(w)]],
      expect = { en = "true 0: alive, and no process in it", zh = "true 0：活着，里面却没有进程" },
      checks = {
        { { en = "pid_for_children of a process keeps a pid namespace alive", zh = "某个进程的 pid_for_children 让 pid namespace 活着" },
          lives_alone, depends = { "step pending", "pid" } },
      } },
    { title = LET_GO,
      lua = 'box:close()\nreturn dies(w)',
      checks = {
        { { en = "that process ends: the pid namespace dies", zh = "该进程结束：pid namespace 被销毁" }, died, depends = "step pending" },
      } },

    { title = "5 · time_for_children",
      text = {
        en = "The same with time: this process unshares and stays where it was. (It is a copy of nssh that runs a function. A \z
          shell will not do: \z
          since Linux 6.2 or so execve(2), which starts it, enters the new time namespace too.)",
        zh = "time 也一样：这个进程调用 unshare 之后自己留在原处。（它是运行一个函数的 nssh 副本。用 shell 不行：大约从 Linux 6.2 起，启动它的 \z
          execve(2) 也会进入新的 time namespace。）",
      },
      lua = [[
ours, theirs = sys.socketpair()
box = ns.clone{ function()
  ns.unshare{ time = true, uts = true }
  ns.send(theirs, ns.open("/proc/self/ns/time_for_children"))
  io.read()
end, stdin = "pipe" }
local h <close> = ns.receive(ours)
w = weak(h)
h:close()
return lives(w)]],
      expect = { en = "true 0: alive, and no process in it", zh = "true 0：活着，里面却没有进程" },
      checks = {
        { { en = "time_for_children of a process keeps a time namespace alive", zh = "某个进程的 time_for_children 让 time namespace 活着" },
          lives_alone, depends = "time" },
      } },
    { title = LET_GO,
      lua = 'box:close()\nreturn dies(w)',
      checks = {
        { { en = "that process ends: the time namespace dies", zh = "该进程结束：time namespace 被销毁" }, died, depends = "time" },
      } },

    { title = { en = "6 · A mounted mqueue: not here", zh = "6 · 挂载的 mqueue：这里不成立" }, name = "mqueue",
      text = {
        en = "The article and ipc_namespaces(7) say that a mounted mqueue file system keeps its ipc namespace. This one is \z
          mounted outside the \z
          namespace's processes, and has a queue in it.",
        zh = "文章和手册页说：挂载着的 mqueue 文件系统会保留它的 ipc namespace。这里就挂载一个，并在里面建一个队列。",
      },
      lua = [[
box = ns.clone{ ipc = true, "bash", "-c",
  "mount -t mqueue none /mnt/mq && touch /mnt/mq/queue; echo $?; read", stdin = "pipe", stdout = "pipe" }
w = weakly(box, "ipc")
return box.stdout:read("l")]],
      checks = {
        { { en = "mqueue is mounted", zh = "mqueue 已挂载" }, function(out, _, values) return values and values[1] == "0", out end },
      } },
    { title = { en = "… left by all", zh = "……全都离开" },
      lua = 'box:close()\nreturn dies(w), ns.run{ "touch", "/mnt/mq/another" }.stderr',
      predict = { en = "The last process ends, the mount stays. What of the ipc namespace?", zh = "最后一个进程结束，挂载还在。ipc namespace 会怎样？" },
      expect = {
        en = "true, and no queue can be made: the mount is there, the namespace is not",
        zh = "true，而且建不了队列：挂载还在，namespace 已经没了",
      },
      why = {
        en = "On this kernel the mount does not hold the namespace: with the last process the namespace dies, and the mount is \z
          an empty shell. \z
          nssh believes what it sees.",
        zh = "在这个内核上，挂载并不保留 namespace：最后一个进程一走它就被销毁，挂载只剩一个空壳。nssh 以实际观察为准。",
      },
      checks = {
        { { en = "the ipc namespace has died, although its mqueue is mounted", zh = "mqueue 仍然挂载，ipc namespace 却已被销毁" }, died,
          depends = "ipc" },
        { { en = "no queue can be made there any more", zh = "那里再也建不了队列" }, function(_, _, values)
          return values and values[2]:find("Permission denied", 1, true), "touch said: " .. tostring(values and values[2])
        end, depends = { "ipc", "step mqueue" } },
      } },

    { title = { en = "7 · A mounted proc", zh = "7 · 挂载的 proc" },
      text = {
        en = "A proc file system shows the pid namespace of whoever mounted it, and holds it.",
        zh = "proc 文件系统显示挂载者所在的 pid namespace，并保留它。",
      },
      lua = [[
box = ns.clone{ pid = true, "bash", "-c", "read; mount -t proc proc /mnt/proc 2>&1 && echo mounted; read", stdin = "pipe", stdout = "pipe" }
w = weakly(box, "pid")]] },
    { title = { en = "… mounted", zh = "……挂载" }, name = "proc",
      lua = 'box.stdin:write("go\\n"):flush()\nreturn box.stdout:read("l")' },
    { title = ALONE,
      lua = 'box:close()\nreturn ns.run{ sh = "ls -d /mnt/proc/[0-9]*" }.stdout, lives(w)',
      expect = { en = '"" true 0: no process to show, and alive', zh = '"" true 0：没有进程可以显示，却活着' },
      checks = {
        { { en = "a mounted proc keeps a pid namespace alive, with no process in it", zh = "没有进程时，挂载的 proc 让 pid namespace 活着" },
          function(out, s, values)
            return values and values[1] == "" and lives_alone(out, s, values), "it answered " .. out
          end, depends = { "step proc", "pid" } },
      } },
    { title = LET_GO,
      lua = 'ns.run{ "umount", "/mnt/proc" }\nreturn dies(w)',
      checks = {
        { { en = "proc is unmounted: the pid namespace dies", zh = "卸载 proc：pid namespace 被销毁" }, died, depends = "pid" },
      } },

    { title = { en = "And there are more", zh = "还不止这些" },
      text = {
        en = "A thread that is elsewhere, a socket, a descriptor on its way through a unix socket: ns.why looks for all of \z
          them, and says how to \z
          let go. Here it has two things to find.",
        zh = "别处的线程、socket、正在 unix socket 中传送的描述符……ns.why 会逐一查找，并说明如何放手。这里有两样等它找出来。",
      },
      lua = [[
box = ns.clone{ uts = true }
h = box:open("uts")
return ns.why(h)]],
      checks = {
        { { en = "ns.why names both holders, and no other", zh = "ns.why 说出了这两个持有者，也只有这两个" }, function(out, _, values)
          local certain = values and values[1].certain
          return certain and #certain == 2 and certain[1].kind == "process" and certain[2].kind == "descriptor", out
        end, depends = "uts" },
      } },
  },
}
