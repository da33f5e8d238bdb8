-- IPC namespace: queues, semaphores and shared memory that the others cannot see
local demo = require "nssh.demo"

-- The keys in what ipcs printed. (Ids will not do: every namespace counts its own from 0.)
local function keys(text)
  local found, count = {}, 0
  for key in text:gmatch("%f[^\n\0](0x%x+) ") do
    found[key], count = true, count + 1
  end
  return found, count
end

-- The keys that are in one listing and not in another.
local function new_keys(later, earlier)
  local new, count, known = {}, 0, keys(earlier)
  for key in pairs((keys(later))) do
    if not known[key] then new[key], count = true, count + 1 end
  end
  return new, count
end

local function none_of(listing, unwanted)
  for key in pairs((keys(listing))) do
    if unwanted[key] then return false, "it shows " .. key end
  end
  return listing:find("msqid", 1, true) ~= nil, "this is no list of queues:\n" .. listing
end

demo.main{
  title = { en = "IPC: message queues that the others cannot see", zh = "IPC：别人看不到的消息队列" },
  section = { en = "2. IPC", zh = "2. Go 演示：IPC" },
  text = {
    en = "An IPC namespace holds what processes leave in the kernel to talk to each other: System V message queues, semaphores, \z
      shared memory, and POSIX message queues.",
    zh = "IPC namespace 隔离进程间通信时留在内核里的对象：System V 的消息队列、信号量、共享内存，以及 POSIX 消息队列。",
  },
  programs = { "ipcs", "ipcmk", "mount", "touch", "ls", "cat" },
  -- The mnt namespace is for the file systems of the POSIX queues.
  host = { ipc = true, mnt = true },
  host_text = {
    en = "The article makes a queue on its host. Here throw-away IPC and mount namespaces play the host, so that yours stays clean: \z
      `outside` is in them, and `inside` in others.",
    zh = "文中直接在宿主机上创建队列。这里用一次性的 IPC 和 mount namespace 扮演宿主机，不弄脏你的机器：outside 在其中，inside 在另外的 namespace 里。",
  },
  steps = {
    { outside = "ipcs -q", name = "before",
      title = { en = "The queues of the host", zh = "宿主机上的消息队列" },
      checks = {
        { { en = "outside, there is no queue at first", zh = "外面：起初没有队列" },
          function(out) return out:find("msqid", 1, true) and select(2, keys(out)) == 0 end },
      } },
    { outside = "ipcmk -Q; ipcs -q", name = "made",
      title = { en = "Make one, and look again", zh = "创建一个，再看" },
      expect = { en = "one queue", zh = "有了一个队列" },
      checks = {
        { { en = "outside, there is one queue more", zh = "外面：多了一个队列" },
          function(out, s) return select(2, new_keys(out, s.out.before)) == 1 end },
      } },
    { enter = { uts = true, ipc = true, mnt = true },
      title = { en = "bash in a new IPC namespace", zh = "在新的 IPC namespace 里启动 bash" },
      text = {
        en = "CLONE_NEWIPC is added to the flags. (The mount namespace is for the second half.)",
        zh = "flags 中加上 CLONE_NEWIPC。（mount namespace 留到后半课用。）",
      } },
    { inside = "ipcs -q", name = "inside",
      title = { en = "The queues inside", zh = "里面的消息队列" },
      predict = { en = "Will the host's queue be there?", zh = "能看到宿主机的队列吗？" },
      expect = { en = "an empty list", zh = "空的列表" },
      why = {
        en = "A new IPC namespace is not a copy, it starts empty: the host's queue cannot be named here, not even by root.",
        zh = "新的 IPC namespace 不是拷贝，而是从空开始：宿主机的队列在这里无法指称，root 也不行。",
      },
      checks = {
        { { en = "inside, the host's queue is not there", zh = "里面：没有宿主机的队列" },
          function(out, s) return none_of(out, keys(s.out.made)) end, depends = "ipc" },
        { { en = "inside, there is no queue at all", zh = "里面：一个队列也没有" },
          function(out) return select(2, keys(out)) == 0 end, depends = "ipc" },
        { { en = "inside and outside are different IPC namespaces", zh = "里面和外面是不同的 IPC namespace" },
          function(_, s) return s.inside:inode("ipc") ~= ns.inode(s.pid, "ipc") end, depends = "ipc" },
      } },
    { inside = "ipcmk -Q; ipcs -q", name = "inside_made",
      title = { en = "The other way round", zh = "反过来" },
      text = { en = "A queue made inside.", zh = "在里面创建一个队列。" },
      why = {
        en = "Its msqid may be the same as the host's: each namespace counts for itself.",
        zh = "它的 msqid 可能和宿主机上的相同：每个 namespace 各自编号。",
      },
      checks = {
        { { en = "inside, there is one queue more", zh = "里面：多了一个队列" },
          function(out, s) return select(2, new_keys(out, s.out.inside)) == 1 end },
      } },
    { outside = "ipcs -q",
      title = { en = "The host, afterwards", zh = "宿主机上再看" },
      expect = { en = "still just the first", zh = "仍然只有第一个" },
      checks = {
        { { en = "outside, the queue that was made inside is not there", zh = "外面：没有里面创建的队列" },
          function(out, s) return none_of(out, (new_keys(s.out.inside_made, s.out.inside))) end, depends = "ipc" },
        { { en = "outside, the first queue still is", zh = "外面：第一个队列还在" },
          function(out, s) return select(2, new_keys(s.out.made, out)) == 0 and out:find("msqid", 1, true) end },
      } },
    { outside = "ipcmk -S 1; ipcmk -M 4096; ipcs", name = "all",
      title = { en = "System V has three kinds", zh = "System V IPC 有三种" },
      text = { en = "A semaphore and 4096 bytes of shared memory, beside the queue.", zh = "除了队列，再创建一个信号量和 4096 字节的共享内存。" },
      expect = { en = "one in each of the three lists", zh = "三个列表里各有一个" },
      checks = {
        { { en = "outside, there are two objects more", zh = "外面：多了两个对象" },
          function(out, s) return select(2, new_keys(out, s.out.made)) >= 2 and select(2, keys(out:match("Shared Memory.*"))) == 2 end },
      } },
    { inside = "ipcs",
      title = { en = "All three inside", zh = "里面再看这三种" },
      expect = { en = "just the queue that was made inside", zh = "只有里面创建的那个队列" },
      checks = {
        { { en = "inside, there are none of the host's semaphores and shared memory", zh = "里面：没有宿主机的信号量和共享内存" },
          function(out, s) return none_of(out, keys(s.out.all)) end, depends = "ipc" },
      } },
    { outside = "mount -t mqueue mqueue /mnt && touch /mnt/letters && ls /mnt",
      title = { en = "POSIX queues are files of mqueue", zh = "POSIX 消息队列是 mqueue 里的文件" },
      text = {
        en = "The article names POSIX message queues and does not show them. Each queue is a file of the file system mqueue (see \z
          mq_overview(7)), and touch makes one.",
        zh = "文中提到 POSIX 消息队列，但没有演示。每个队列都是 mqueue 文件系统里的一个文件（见 mq_overview(7)），用 touch 就能创建。",
      },
      expect = "letters",
      checks = {
        { { en = "outside, there is a POSIX queue", zh = "外面：有一个 POSIX 队列" },
          function(out) return out == "letters" end },
      } },
    { outside = "cat /mnt/letters",
      expect = { en = "no bytes in it, and nobody to be told", zh = "队列为空，也没有等待通知的进程" },
      checks = {
        { { en = "it is a queue and not a plain file", zh = "它是队列，不是普通文件" },
          function(out) return out:find("^QSIZE:0%s+NOTIFY:0") ~= nil end },
      } },
    { inside = "mount -t mqueue mqueue /mnt && touch /mnt/other && ls /mnt",
      title = { en = "The POSIX queues inside", zh = "里面的 POSIX 队列" },
      text = {
        en = "The same inside, with another name.",
        zh = "在里面做同样的事，换一个名字。",
      },
      predict = { en = "Which queues will ls list?", zh = "ls 会列出哪些队列？" },
      expect = { en = "other, and no letters", zh = "只有 other，没有 letters" },
      why = {
        en = "mqueue shows the queues of the IPC namespace that it was mounted in, as proc does with PID namespaces.",
        zh = "mqueue 显示的是挂载它时所在 IPC namespace 的队列，正如 proc 之于 PID namespace。",
      },
      checks = {
        { { en = "inside, there is no POSIX queue of the host", zh = "里面：没有宿主机的 POSIX 队列" },
          function(out) return out == "other" end, depends = "ipc" },
      } },
    { outside = "ls /mnt",
      expect = "letters",
      checks = {
        { { en = "outside, there is no POSIX queue of the inside", zh = "外面：没有里面的 POSIX 队列" },
          function(out) return out == "letters" end, depends = "ipc" },
      } },
  },
}
