-- PID namespace: one process with two numbers, and the duties of number 1
local demo = require "nssh.demo"

-- The lines of ps -ef that are about nssh or the bash inside.
local function about_us(line, scene)
  local pid = line:match("^%S+%s+(%d+)")
  return pid == tostring(scene.pid) or pid == tostring(scene.inside.pid)
end

local function lists(listing, pid) return listing:find("\n%S+%s+" .. pid .. "%s") ~= nil end

-- Whether the process that ps shows is a child of the bash that said its number before.
local function belongs_to_bash(out)
  local bash, parent = out:match("bash is (%d+)\n"), out:match("%d+%s+(%d+)%s*$")
  return bash ~= nil and bash == parent
end

demo.main{
  title = { en = "PID: one process, two numbers", zh = "PID：一个进程，两个 PID" },
  section = { en = "2. PID", zh = "2. Go 演示：PID" },
  text = {
    en = "A PID namespace numbers its processes from 1. Its processes have a number in every namespace above it as well, so the \z
      outside sees them, under other numbers; they do not see the outside. And number 1 has duties.",
    zh = "PID namespace 隔离进程 ID：里面的进程从 1 开始编号，同时在每一层上级 namespace 里各有一个编号。所以外面看得到里面的进程，只是 PID 不同；\z
      里面看不到外面。而 1 号进程有它的职责。",
  },
  programs = { "pstree", "grep", "ps", "sleep", "unshare" },
  steps = {
    { enter = { uts = true, ipc = true, pid = true },
      title = { en = "bash in a new PID namespace", zh = "在新的 PID namespace 里启动 bash" },
      text = {
        en = "CLONE_NEWPID is added. It is for the child only: nssh cannot change its own number.",
        zh = "flags 中加上 CLONE_NEWPID。它只对子进程生效：nssh 自己的 PID 不会改变。",
      } },
    { inside = "pstree -pl",
      title = { en = "The tree, seen from inside", zh = "在里面查看进程树" },
      focus = demo.around_bash,
      expect = { en = "the host's numbers", zh = "看到的是宿主机的 PID" },
      why = function(s)
        return {
          en = ("pstree reads /proc, and /proc is still the host's, so the numbers are: %d for this bash."):format(s.inside.pid),
          zh = ("pstree 读的是 /proc，而 /proc 仍是宿主机的，所以显示宿主机的 PID：这个 bash 是 %d。"):format(s.inside.pid),
        }
      end,
      checks = {
        { { en = "in the host's numbers, the new bash is a child of nssh", zh = "按宿主机的 PID，新的 bash 是 nssh 的子进程" },
          function(out, s) return demo.is_child(out, s.pid, s.inside.pid) end },
      } },
    { inside = "echo $$; echo $PPID", name = "numbers",
      title = { en = "Its own number, and its parent's", zh = "自己的 PID 和父进程的 PID" },
      predict = { en = "Which number has bash inside?", zh = "bash 在里面的 PID 是几？" },
      expect = { en = "1, and 0 for the parent", zh = "自己是 1，父进程是 0" },
      why = {
        en = "The shell asked the kernel, getpid(2) and getppid(2), and not /proc: in its own namespace it is process 1, the init of that \z
          namespace. Its parent, nssh, has no number there: 0 stands for a parent outside.",
        zh = "shell 问的是内核（getpid(2)、getppid(2)），不是 /proc：在自己的 namespace 里它是 1 号进程，也就是这个 namespace 的 init。\z
          父进程 nssh 在里面没有编号，0 表示父进程在外面。",
      },
      checks = {
        { { en = "inside, bash is number 1", zh = "里面：bash 是 1 号进程" },
          function(out) return out:find("^1\n") ~= nil end, depends = "pid" },
        { { en = "inside, the parent is out of sight", zh = "里面：看不到父进程" },
          function(out) return out:find("\n0$") ~= nil end, depends = "pid" },
        { { en = "bash is the only process of the new PID namespace", zh = "新的 PID namespace 里只有 bash 这一个进程" },
          function(_, s)
            local namespace <close> = s.inside:open("pid")
            local found = namespace:processes()
            return #found == 1 and found[1] == s.inside.pid, ("it has %d processes"):format(#found)
          end, depends = "pid" },
      } },
    -- The ps of procps 4 needs /proc/N, N being its own number inside: 1 is there in every /proc, others only by chance.
    { inside = "unshare --pid --fork sh -c 'echo I am $$; exec ps -ef'",
      title = { en = "Why ps is no good yet", zh = "为什么现在还不能用 ps" },
      text = {
        en = "The article says to use nothing but echo $$ here. To see why, ps is number 1 of one more PID namespace, and alone in it. \z
          Look for nssh, which has no number here.",
        zh = "文中说这里只能用 echo $$。为了看出原因，让 ps 成为又一个 PID namespace 的 1 号进程，里面只有它自己。留意 nssh：它在这里本没有 PID。",
      },
      focus = function(line, scene) return line:find("^I am") or about_us(line, scene) end,
      expect = { en = "1; and nssh, and bash under its outer number", zh = "1；还能看到 nssh，以及 bash 在外面的 PID" },
      why = {
        en = "ps reads /proc as well. A /proc shows the processes of the namespace that it was mounted in; the lesson on mounts mounts \z
          a new one. (A plain ps of these days may even give up here: \"lookup self\". It looks for /proc/N by its number inside, and \z
          the outside need not have a process of that number.)",
        zh = "ps 同样读 /proc，而一个 /proc 显示的是挂载它时所在 namespace 的进程。Mount 一课会挂载新的 /proc。（现在的 ps 如果直接在这里运行，还可能报错 lookup self 退出：\z
          它按自己在里面的 PID 查找 /proc/N，而外面不一定有这个 PID 的进程。）",
      },
      checks = {
        { { en = "ps has number 1 where it is, and shows processes of the outside", zh = "ps 在里面是 1 号进程，显示的却是外面的进程" },
          function(out, s) return out:find("^I am 1\n") ~= nil and lists(out, s.pid) and lists(out, s.inside.pid) end },
      } },
    { outside = function(s) return ("grep -E '^(Name|Pid|PPid|NSpid):' /proc/%d/status"):format(s.inside.pid) end,
      title = { en = "The same process, from outside", zh = "从外面看同一个进程" },
      expect = { en = "another number; NSpid lists them all, the last one 1", zh = "PID 不同；NSpid 列出全部编号，最后一个是 1" },
      why = {
        en = "NSpid has one number a namespace, from here to the process's own.",
        zh = "NSpid 从当前 namespace 到进程自己的 namespace，每层一个编号。",
      },
      checks = {
        { { en = "outside, the same bash has another number", zh = "外面：同一个 bash 的 PID 不同" },
          function(out, s)
            local number = out:match("\nPid:%s*(%d+)")
            return out:match("Name:%s*(%S+)") == "bash" and tonumber(number) == s.inside.pid
              and number ~= s.out.numbers:match("^%d+")
          end, depends = "pid" },
        { { en = "the kernel gives it both numbers, outer and inner", zh = "内核同时给出两个编号：外面的和里面的" },
          function(out, s) return out:match("NSpid:.-(%d+%s+%d+)$") == ("%d\t1"):format(s.inside.pid) end, depends = "pid" },
        { { en = "outside, its parent is nssh", zh = "外面：它的父进程是 nssh" },
          function(out, s) return tonumber(out:match("PPid:%s*(%d+)")) == s.pid end },
        { { en = "inside and outside are different PID namespaces", zh = "里面和外面是不同的 PID namespace" },
          function(_, s) return s.inside:inode("pid") ~= ns.inode(s.pid, "pid") end, depends = "pid" },
      } },
    { lua = [[
ns.call({ pid = true }, function()
  return ns.call({ pid = true }, function()
    for line in io.lines("/proc/self/status") do
      if line:find("^NSpid:") then return (line:gsub("%s+", " ")) end
    end
  end)
end)]],
      title = { en = "One namespace in another", zh = "嵌套的 PID namespace" },
      text = {
        en = "A PID namespace in a PID namespace: how many numbers has the innermost process?",
        zh = "在一个 PID namespace 里再建一个：最里层的进程有几个编号？",
      },
      expect = { en = "two numbers more than here, of which the last is 1", zh = "比这里多两个编号，最后一个是 1" },
      why = {
        en = "PID namespaces form a tree, 32 deep at most. A process is seen by its own namespace and by all above.",
        zh = "PID namespace 构成一棵树，最多 32 层。进程在自己的 namespace 和所有上级 namespace 里都可见。",
      },
      checks = {
        { { en = "a process two levels down has two numbers more, the innermost 1", zh = "往下两层的进程多两个编号，最里面的是 1" },
          function(_, _, values)
            local file <close> = assert(io.open("/proc/self/status"))
            local here = select(2, file:read("a"):match("NSpid:([^\n]*)"):gsub("%d+", ""))
            local numbers = {}
            for number in values[1]:gmatch("%d+") do numbers[#numbers + 1] = number end
            return #numbers == here + 2 and numbers[#numbers] == "1"
          end, depends = "pid" },
      } },
    -- A function, which is not tried before the lesson begins: where it is refused, the rest can be played.
    { enter = function() return { pid = { proc = true } } end, needs = "proc",
      title = { en = "The duties of number 1", zh = "1 号进程的职责" },
      text = {
        en = "Another bash as number 1, with a /proc of its own (pid = { proc = true }), so that ps can be believed.",
        zh = "再启动一个 1 号 bash，这次带上自己的 /proc（pid = { proc = true }），于是 ps 可信了。",
      } },
    { needs = "proc",
      inside = [[orphan=$(sleep 1000 >/dev/null & echo $!); echo "bash is $$"; ps -o pid,ppid -p $orphan]],
      title = { en = "Orphans are given to it", zh = "孤儿进程归它" },
      text = {
        en = "What is in $( ) is done by a process of its own, which starts sleep and ends at once. Who is the parent of sleep then?",
        zh = "$( ) 里的命令由一个单独的进程执行，它启动 sleep 后立刻结束。之后 sleep 的父进程是谁？",
      },
      expect = { en = "the parent of sleep is bash, number 1", zh = "sleep 的父进程是 1 号 bash" },
      why = {
        en = "A process whose parent ends gets the init of its own PID namespace as parent, not the machine's.",
        zh = "父进程结束后，进程由所在 PID namespace 的 init 收养，而不是由整台机器的 init 收养。",
      },
      checks = {
        { { en = "an orphan becomes a child of number 1 of its namespace", zh = "孤儿进程成为本 namespace 1 号进程的子进程" },
          belongs_to_bash, depends = "pid" },
      } },
    { needs = "proc",
      lua = [[
function end_of_orphan(box)
  local orphan = box:run{ sh = "sleep 0.1 & echo $!" }.stdout:match("%d+")
  local function look() return box:run{ "ps", "-o", "stat=,ppid=", "-p", orphan }.stdout:match("(%a)%S*%s+(%d+)") end
  repeat sys.sleep(0.1) until (look() or "Z") == "Z"
  sys.sleep(0.5) -- it may be about to be reaped
  local state, parent = look()
  return state or "reaped", tonumber(parent) == box.inner_pid
end
local lazy <close> = ns.clone{ pid = { proc = true }, "sleep", "1000" }
return end_of_orphan(lazy)]], name = "lazy",
      title = { en = "Who does not reap has zombies", zh = "不回收就有僵尸" },
      text = {
        en = "A number 1 that waits for nobody: sleep. An orphan is left to it, and ends. (A shell starts a process and ends first.)",
        zh = "让一个从不调用 wait 的程序 sleep 当 1 号进程：留给它一个孤儿进程，然后孤儿结束。（shell 启动进程后自己先结束。）",
      },
      expect = { en = "Z, a zombie; and true: that sleep is its parent", zh = "Z，僵尸进程；以及 true：那个 sleep 是它的父进程" },
      why = {
        en = "The kernel keeps an exit status until the parent asks for it. Many programs in containers have never heard of this duty.",
        zh = "内核会保留退出状态，直到父进程来取。容器里的许多程序并不知道自己有这个职责。",
      },
      checks = {
        { { en = "with a number 1 that does not wait, an orphan that ended stays as a zombie", zh = "1 号进程不 wait，结束的孤儿就一直是僵尸" },
          function(_, _, values) return values and values[1] == "Z" and values[2] == true end, depends = "pid" },
      } },
    { needs = "proc",
      lua = [[
local diligent <close> = ns.clone{ pid = { proc = true, init = true }, "sleep", "1000" }
return end_of_orphan(diligent)]],
      title = { en = "An init that reaps", zh = "会回收的 init" },
      text = {
        en = "init = true puts a small init before sleep, as docker run --init does.",
        zh = "init = true 在 sleep 之前放一个小 init，作用与 docker run --init 相同。",
      },
      expect = '"reaped"',
      checks = {
        { { en = "what stays as a zombie without nssh's init is reaped with it", zh = "没有 nssh 的 init 就一直是僵尸的，有了它就被回收" },
          function(_, s, values)
            local lazy = s.values.lazy
            return values and values[1] == "reaped" and lazy and lazy[1] == "Z" and lazy[2] == true
          end, depends = "pid" },
      } },
    { lua = [[ns.run{ pid = true, "bash", "-c", "kill -KILL $$; echo still here" }.stdout]],
      title = { en = "No signal from inside", zh = "里面发的信号杀不死它" },
      text = { en = "Number 1 sends SIGKILL to itself.", zh = "1 号进程给自己发 SIGKILL。" },
      predict = { en = "Does it die?", zh = "它会死吗？" },
      expect = '"still here\\n"',
      why = {
        en = "From inside, number 1 gets only the signals that it has a handler for, and none can be set for KILL and STOP.",
        zh = "来自里面的信号，只有 1 号进程自己设置了处理函数的才会送达；而 KILL 和 STOP 无法设置处理函数。",
      },
      checks = {
        { { en = "number 1 survives SIGKILL from inside", zh = "来自里面的 SIGKILL 杀不死 1 号进程" },
          function(_, _, values) return values[1] == "still here\n" end, depends = "pid" },
      } },
    { lua = [[
local box <close> = ns.clone{ pid = true, "sleep", "1000" }
box:kill("TERM")
local ended = box:wait(1)
if not ended then
  box:kill("KILL")
  ended = box:wait()
end
return ended.signal]],
      title = { en = "From outside: KILL, not TERM", zh = "从外面：TERM 不行，KILL 可以" },
      text = {
        en = "sleep again as number 1. It has no handler for SIGTERM, which would end it anywhere else.",
        zh = "还是 sleep 当 1 号进程。它没有为 SIGTERM 设置处理函数；换作普通进程，这个信号会让它结束。",
      },
      expect = { en = '"SIGKILL": it took the second', zh = '"SIGKILL"：第二个信号才杀死它' },
      why = {
        en = "From the namespaces above KILL and STOP do arrive, all else just where there is a handler. So docker stop has to wait, and \z
          then kill.",
        zh = "来自上级 namespace 的 KILL 和 STOP 一定送达，其余信号仍要有处理函数。所以 docker stop 要先等待，超时后才 kill。",
      },
      checks = {
        { { en = "number 1 without a handler survives SIGTERM from outside, and not SIGKILL",
            zh = "没有处理函数的 1 号进程：外面发的 SIGTERM 杀不死，SIGKILL 能杀死" },
          function(_, _, values) return values[1] == "SIGKILL" end, depends = "pid" },
      } },
    { lua = [[
local box <close> = ns.clone{ pid = true }
local other <close> = ns.clone{ pid = box, "sleep", "1000" }
box:kill("KILL")
local first, result = ns.wait{ other, box }
return first == other, result.signal]],
      title = { en = "Its death is everybody's", zh = "它一死，全都死" },
      text = {
        en = "Two processes in one namespace, neither the other's child: box is number 1, and sleep has joined. Only box is killed.",
        zh = "同一个 namespace 里的两个进程，互不为父子：box 是 1 号，sleep 是后来加入的。只杀 box。",
      },
      expect = { en = 'true, "SIGKILL": box cannot end before sleep is gone', zh = 'true、"SIGKILL"：sleep 消失之前，box 还结束不了' },
      why = {
        en = "A PID namespace without its init cannot go on: the kernel kills all that is in it, and refuses new processes (ENOMEM).",
        zh = "PID namespace 没有 init 就无法继续：内核杀死其中所有进程，并拒绝再创建新进程（ENOMEM）。",
      },
      checks = {
        { { en = "with number 1, all processes of its namespace are killed", zh = "1 号进程死后，同一 namespace 的进程全部被杀" },
          function(_, _, values) return values and values[1] == true and values[2] == "SIGKILL" end, depends = "pid" },
      } },
  },
}
