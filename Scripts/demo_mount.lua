-- Mount namespace: a mount that only its own side sees, and why chroot is less
local demo = require "nssh.demo"

-- The numbers among the names in /proc, after the list of mounts: the processes that it knows.
local function processes(listing)
  local found, count = {}, 0
  for name in listing:gsub("[^\n]* /proc [^\n]*", ""):gmatch("%S+") do
    if name:find("^%d+$") then found[name], count = true, count + 1 end
  end
  return found, count
end

-- What is mounted on /proc, and what it shows.
local PROC = "grep ' /proc ' /proc/self/mounts; ls -C /proc"

-- The lines of that which are of the list of mounts, and how many.
local function mounts_of(text)
  local found = {}
  for line in text:gmatch("[^\n]+") do
    if line:find(" /proc ", 1, true) then found[#found + 1] = line end
  end
  return table.concat(found, "\n"), #found
end

-- The lines to show: mounts, nssh and the bash inside.
local function of_interest(line, scene)
  if line:find(" /proc ", 1, true) then return true end
  for _, process in ipairs{ scene, scene.inside or scene } do
    if line:find("%f[%d]" .. process.pid .. "%f[%D]") then return true end
  end
end

local function has_line(text, line) return ("\n" .. text .. "\n"):find("\n" .. line .. "\n", 1, true) ~= nil end

local function lines(text) return select(2, text:gsub("[^\n]+", "")) end

-- Without a PID namespace of his own, an ordinary user may mount none.
local function fresh_proc(scene) return scene.values.fresh == 0, scene.out.fresh end

-- /usr has programs and what they need just where /bin and /lib are links into it.
local function usr_is_merged()
  return sys.readlink("/bin") == "usr/bin", {
    en = "/bin is not a link to usr/bin, so /usr has not all that a root directory needs",
    zh = "/bin 不是指向 usr/bin 的链接，所以 /usr 不能当作根目录",
  }
end

demo.main{
  title = { en = "Mount: a mount that only its own side sees", zh = "Mount：只有自己这边看得到的挂载" },
  section = { en = "2. Mount", zh = "2. Go 演示：Mount" },
  text = {
    en = "A mount namespace holds the list of what is mounted where. A new one starts with a copy of the list; what is mounted and \z
      unmounted in it then stays in it. (It was the first kind of namespace, so its flag is just CLONE_NEWNS.)",
    zh = "Mount namespace 隔离挂载点列表。新的 mount namespace 从一份拷贝开始，之后在里面挂载和卸载，都只影响里面。\z
     （它是 Linux 实现的第一种 namespace，所以 flag 只叫 CLONE_NEWNS。）",
  },
  programs = { "ls", "mount", "umount", "ps", "grep", "mkdir", "ln", "findmnt", "chroot", "pivot_root" },
  host = { mnt = true },
  host_text = {
    en = "The second half mounts on the host. So a throw-away mount namespace plays the host: `outside` is in it, with the same /proc.",
    zh = "后半课要在宿主机上挂载，所以用一次性的 mount namespace 扮演宿主机：outside 在其中，/proc 仍是同一个。",
  },
  steps = {
    { outside = PROC, name = "before",
      title = { en = "/proc on the host", zh = "宿主机的 /proc" },
      focus = of_interest,
      expect = { en = "a directory for each process of the host", zh = "宿主机的每个进程都有一个目录" },
      checks = {
        { { en = "outside, /proc knows nssh", zh = "外面：/proc 里有 nssh" },
          function(out, s) return processes(out)[tostring(s.pid)] end },
      } },
    { enter = { uts = true, ipc = true, pid = true, mnt = true },
      title = { en = "bash in a new mount namespace", zh = "在新的 mount namespace 里启动 bash" },
      text = { en = "CLONE_NEWNS is added.", zh = "flags 中加上 CLONE_NEWNS。" } },
    { inside = PROC,
      title = { en = "/proc inside, before", zh = "里面的 /proc：挂载之前" },
      focus = of_interest,
      expect = { en = "still the host's processes", zh = "看到的仍是宿主机的进程" },
      why = {
        en = "A copy of the list shows the same file systems, and this /proc was mounted in the host's PID namespace.",
        zh = "列表是拷贝来的，挂的还是同一个文件系统；而这个 /proc 是在宿主机的 PID namespace 里挂载的。",
      },
      checks = {
        { { en = "inside, /proc is at first the host's", zh = "里面：/proc 起初是宿主机的" },
          function(out, s)
            local known = processes(out)
            return known[tostring(s.pid)] and known[tostring(s.inside.pid)]
          end },
      } },
    { inside = "mount -t proc proc /proc && { " .. PROC .. "; }", name = "fresh", needs = "proc",
      title = { en = "/proc inside, afterwards", zh = "里面的 /proc：挂载之后" },
      predict = { en = "How many processes will it know?", zh = "它会看到几个进程？" },
      expect = {
        en = "one mount of /proc more, and few numbers: bash and ls",
        zh = "/proc 上多了一个挂载；数字只剩两个：bash 和 ls",
      },
      why = {
        en = "A fresh proc file system shows the processes of whoever mounted it: of this PID namespace.",
        zh = "新的 proc 文件系统显示挂载者所在 PID namespace 的进程。",
      },
      checks = {
        { { en = "inside, /proc knows two processes, bash as number 1, and ls", zh = "里面：/proc 只有两个进程，1 号 bash 和 ls" },
          function(out)
            local known, count = processes(out)
            return known["1"] and count == 2
          end, depends = "pid" },
        { { en = "inside, there is one mount more", zh = "里面：挂载列表多了一项" },
          function(out, s) return select(2, mounts_of(out)) == select(2, mounts_of(s.out.before)) + 1 end, needs = fresh_proc },
      } },
    { inside = "ps -ef", needs = "proc",
      title = { en = "Now ps can be believed", zh = "现在可以用 ps 了" },
      expect = { en = "bash as number 1, and ps", zh = "1 号进程 bash，以及 ps 自己" },
      checks = {
        { { en = "inside, ps shows bash as process 1", zh = "里面：ps 显示 bash 是 1 号进程" },
          function(out) return out:find("\n%S+%s+1%s+0%s[^\n]*%sbash%f[%s\0]") end, depends = "pid" },
        { { en = "inside, ps shows no other process but itself", zh = "里面：除了 ps 自己，没有别的进程" },
          function(out) return lines(out) == 3 and out:find("ps -ef", 1, true) end, depends = "pid" },
      } },
    { outside = PROC, needs = "proc",
      title = { en = "/proc outside", zh = "外面的 /proc" },
      focus = of_interest,
      expect = { en = "as before: volumes of containers rest on this", zh = "没有变：Docker volume 正是利用了这一点" },
      checks = {
        { { en = "outside, the list of mounts is what it was", zh = "外面：挂载列表没有变" },
          function(out, s) return mounts_of(out) == mounts_of(s.out.before) end, depends = "mnt" },
        { { en = "outside, /proc still knows nssh", zh = "外面：/proc 里仍有 nssh" },
          function(out, s) return processes(out)[tostring(s.pid)] end, depends = "mnt" },
        { { en = "inside and outside are different mount namespaces", zh = "里面和外面是不同的 mount namespace" },
          function(_, s) return s.inside:inode("mnt") ~= ns.inode(s.pid, "mnt") end, depends = "mnt" },
      } },
    { inside = "umount /proc; " .. PROC, needs = "proc",
      title = { en = "And unmounted", zh = "再卸载" },
      focus = of_interest,
      expect = { en = "the host's processes again: the mount below was only hidden", zh = "又看到宿主机的进程：下面那一层只是被盖住了" },
      checks = {
        { { en = "inside, /proc is the host's again", zh = "里面：/proc 又是宿主机的" },
          function(out, s) return processes(out)[tostring(s.inside.pid)] end },
      } },
    { outside = "mount -t tmpfs demo /mnt && mkdir /mnt/{one,two,three}",
      title = { en = "Propagation: not all copies are independent", zh = "传播：拷贝不一定互不相干" },
      text = {
        en = "Each mount has a propagation. systemd makes all of the host's mounts shared; here one of the throw-away host will be.",
        zh = "每个挂载点都有传播属性。systemd 把宿主机的挂载点都设成 shared；这里只把一次性宿主机上的一个设成 shared。",
      } },
    { outside = "mount --make-shared /mnt && findmnt -o TARGET,PROPAGATION /mnt", name = "share",
      expect = "shared",
      checks = {
        { { en = "outside, the mount is shared", zh = "外面：挂载点是 shared" },
          function(out) return out:find("/mnt +shared") ~= nil end },
      } },
    { lua = [[
shared = ns.clone{ mnt = { propagation = "unchanged" } }
slave = ns.clone{ mnt = { propagation = "slave" } }
private = ns.clone{ mnt = true }
function mounts(box) return box:run{ "findmnt", "-R", "-r", "-n", "-o", "SOURCE,PROPAGATION", "/mnt" }.stdout end
print("shared:",  mounts(shared))
print("slave:",   mounts(slave))
print("private:", mounts(private))
return ns.plan{ mnt = true }]],
      title = { en = "Three copies", zh = "三份拷贝" },
      text = {
        en = "Three mount namespaces, held at the same time: a copy as the kernel makes it, one made slave, and one as nssh does it; \z
          and the plan of the last.",
        zh = "同时握住三个 mount namespace：内核给出的原样拷贝、改成 slave 的、以及 nssh 的缺省做法；最后打印缺省做法的步骤。",
      },
      expect = { en = "shared; private and slave; private, by a call of its own", zh = "依次是 shared；private,slave；private，它由专门的一步设成" },
      why = {
        en = "This is the one place where true does more than the kernel's flag. unshare(1) does the same.",
        zh = "这是唯一一处 true 比内核 flag 多做了事的地方，unshare(1) 也是这样做的。",
      },
      checks = {
        { { en = "a copy is shared unless something is done about it", zh = "不做处理的话，拷贝仍是 shared" },
          function(out) return out:find("^shared:%s+demo shared\n") ~= nil end, depends = "step share" },
        { { en = "nssh makes the mounts of a new namespace private", zh = "nssh 把新 namespace 的挂载点设成 private" },
          function(out) return out:find("private:%s+demo private\n") ~= nil end, depends = "mnt" },
        { { en = "its plan says so", zh = "步骤里写明了这一点" },
          function(_, _, values) return tostring(values[1]):find("mount --make-rprivate /", 1, true) ~= nil end, depends = "mnt" },
      } },
    { outside = "mount -t tmpfs from-outside /mnt/one",
      title = { en = "A mount outside", zh = "在外面挂载" },
      text = { en = "A tmpfs on the directory one.", zh = "在目录 one 上挂载 tmpfs。" },
      predict = { en = "Which of the three will see it?", zh = "三者之中谁能看到？" } },
    { lua = [[
print("shared:",  mounts(shared))
print("slave:",   mounts(slave))
print("private:", mounts(private))
]],
      expect = { en = "shared and slave", zh = "shared 和 slave" },
      why = {
        en = "shared gives and takes, slave takes, private does neither.",
        zh = "shared 双向传播，slave 只接收，private 既不发送也不接收。",
      },
      checks = {
        { { en = "a shared copy takes a mount of the outside", zh = "shared：能看到外面的挂载" },
          function(out) return out:match("shared:(.*)slave:"):find("from-outside", 1, true) ~= nil end, depends = "step share" },
        { { en = "a slave takes it as well", zh = "slave：也能看到" },
          function(out) return out:match("slave:(.*)private:"):find("from-outside", 1, true) ~= nil end, depends = "step share" },
        { { en = "a private copy does not", zh = "private：看不到" },
          function(out) return not out:match("private:(.*)"):find("from-outside", 1, true) end, depends = "mnt" },
      } },
    { lua = [[
shared:run{ "mount", "-t", "tmpfs", "from-shared", "/mnt/two" }:check()
slave:run{ "mount", "-t", "tmpfs", "from-slave", "/mnt/three" }:check()
]],
      title = { en = "Mounts inside", zh = "在里面挂载" },
      text = { en = "Now the other way: does a mount in the copies come out?", zh = "反过来：在拷贝里挂载，外面看得到吗？" } },
    { outside = "findmnt -R -r -n -o SOURCE,PROPAGATION /mnt",
      expect = { en = "from-shared, and no from-slave", zh = "有 from-shared，没有 from-slave" },
      why = {
        en = "That is why the article's own mount -t proc proc /proc, with nothing but the flag, replaces the host's /proc on a \z
          machine with systemd.",
        zh = "所以在有 systemd 的机器上，如果只用这个 flag，文中的 mount -t proc proc /proc 会把宿主机的 /proc 也盖住。",
      },
      checks = {
        { { en = "a mount in a shared copy reaches the outside", zh = "shared 里的挂载会传到外面" },
          function(out) return out:find("from-shared", 1, true) ~= nil end, depends = "step share" },
        { { en = "a mount in a slave does not", zh = "slave 里的挂载不会" },
          function(out) return out:find("^demo ") and not out:find("from-slave", 1, true) end, depends = "mnt" },
      } },
    { outside = "chroot /usr ls -1 /", needs = usr_is_merged,
      title = { en = "chroot: another root", zh = "chroot：另一个根目录" },
      text = {
        en = "The article compares mount namespaces with chroot(2), which makes a directory the root of one process and its children.",
        zh = "文中把 mount namespace 和 chroot(2) 相比：后者把某个子目录变成一个进程及其子进程的根目录。",
      },
      expect = { en = "what is in /usr", zh = "/usr 里的内容" },
      checks = {
        { { en = "in the chroot, /usr is the root", zh = "chroot 里：/usr 就是根目录" },
          function(out) return has_line(out, "share") and not has_line(out, "usr") end },
      } },
    { needs = usr_is_merged,
      outside = "chroot /usr mount -t tmpfs from-chroot /share; grep from-chroot /proc/self/mounts; umount /usr/share",
      text = { en = "A mount in the chroot, then a look from outside of it.", zh = "在 chroot 里挂载，然后在 chroot 外面看。" },
      expect = { en = "it is on the host, at /usr/share", zh = "它出现在宿主机的 /usr/share" },
      checks = {
        { { en = "a mount in a chroot is seen outside", zh = "chroot 里的挂载在外面看得到" },
          function(out) return out:find("from-chroot /usr/share tmpfs", 1, true) ~= nil end },
      } },
    { lua = [[
function sees_host() return sys.stat("/etc/passwd") ~= nil end
function escape()
  sys.chroot("/bin")                     -- a root further down; the working directory is now outside of it
  for _ = 1, 100 do sys.chdir("..") end  -- so there is nothing to stop the way up
  sys.chroot(".")
end
return ns.call({}, function()
  sys.chroot("/usr")
  sys.chdir("/")
  local before = sees_host()
  escape()
  return before, sees_host()
end)]], needs = usr_is_merged,
      title = { en = "chroot: the way out", zh = "chroot：逃出来" },
      text = {
        en = "root in a chroot needs nothing but chroot(2) again. Does it see the host's files before, and afterwards?",
        zh = "chroot 里的 root 只要再调用一次 chroot(2)。逃之前、逃之后，各看一眼能否看到宿主机的文件。",
      },
      expect = { en = "false, then true", zh = "先 false，后 true" },
      why = {
        en = "chroot(2) changes where / leads, and nothing else: the whole tree is still there, and .. stops at the root only.",
        zh = "chroot(2) 只改变 / 指向哪里，整棵目录树都还在；而 .. 只在根目录处停下。",
      },
      checks = {
        { { en = "root gets out of a chroot", zh = "root 能从 chroot 里逃出来" },
          function(_, _, values) return values[1] == false and values[2] == true end },
      } },
    { enter = { mnt = true }, as = "jail", needs = usr_is_merged,
      title = { en = "pivot_root in a mount namespace", zh = "在 mount namespace 里用 pivot_root" },
      text = {
        en = "What containers do: a new list of mounts, a new root, and the old one is unmounted.",
        zh = "容器的做法：新的挂载列表，换上新的根，再把旧的根卸载。",
      } },
    { inside = [[mount -t tmpfs new /mnt && cd /mnt && mkdir usr old && ln -s usr/bin usr/lib usr/lib64 usr/sbin . &&
mount --rbind /usr usr && pivot_root . old && ls -1 /]], at = "jail", name = "pivot", needs = usr_is_merged,
      expect = { en = "the new root, with the whole old one in /old", zh = "新的根，旧的根整个在 /old 里" },
      checks = {
        { { en = "inside, there is another root", zh = "里面：根目录换了" },
          function(out) return has_line(out, "old") and not has_line(out, "etc") end,
          depends = "mnt" },
      } },
    { lua = [[
jail:call(function()
  if not sees_host() then sys.umount("/old", true) end
  local before = sees_host()
  escape()
  return before, sees_host()
end)]], needs = usr_is_merged,
      title = { en = "No way out", zh = "逃不出去" },
      text = {
        en = "The old root is unmounted, and then the same escape.",
        zh = "卸载旧的根，然后用同样的办法再逃一次。",
      },
      predict = { en = "Does root get out?", zh = "root 逃得出去吗？" },
      expect = { en = "false, and false again", zh = "false，还是 false" },
      why = {
        en = "What is not in the list of mounts cannot be reached by any path: .. ends at the root of the namespace.",
        zh = "不在挂载列表里的东西，任何路径都到不了：.. 到 namespace 的根就为止。",
      },
      checks = {
        { { en = "root does not get out of a mount namespace with a root of its own", zh = "有自己的根的 mount namespace，root 逃不出去" },
          function(_, _, values) return values[1] == false and values[2] == false end, depends = { "mnt", "step pivot" } },
      } },
    { outside = "ls -d -1 /etc /usr",
      title = { en = "The host, afterwards", zh = "宿主机上再看" },
      expect = { en = "its root is what it was", zh = "根目录没有变" },
      checks = {
        { { en = "outside, the root is what it was", zh = "外面：根目录没有变" },
          function(out) return out == "/etc\n/usr" end },
      } },
  },
}
