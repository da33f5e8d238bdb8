-- User namespace: nobody, and then root, of a system of one's own
local demo = require "nssh.demo"

-- Whether a number exists here, as a uid and a gid: in a user namespace not all do.
local function exists(number)
  for _, kind in ipairs{ "uid", "gid" } do
    local file <close> = assert(io.open("/proc/self/" .. kind .. "_map"))
    local found = false
    for first, _, count in file:read("a"):gmatch("(%d+)%s+(%d+)%s+(%d+)") do
      found = found or number >= tonumber(first) and number < first + count
    end
    if not found then return false end
  end
  return true
end

-- The article's case is an ordinary user. When root plays the lesson, a number that no account has plays that user.
local is_root, ORDINARY = sys.geteuid() == 0, nil
for _, number in ipairs{ 64999, 99999 } do ORDINARY = exists(number) and number or ORDINARY end
local MAPPED = {
  uts = true, mnt = true, user = is_root and { uid = { { 0, ORDINARY or 0, 1 } }, gid = { { 0, ORDINARY or 0, 1 } } } or "root",
  uid = is_root and 0 or nil, gid = is_root and 0 or nil,
}

local function uid(text) return text:match("uid=(%d+)") end

-- The number outside of whoever is root inside.
local function outside_uid(scene) return is_root and tostring(ORDINARY) or uid(scene.out.outside) end

-- What the kernel shows for an id that the table lacks: kind is uid or gid.
local function overflow(kind)
  local file <close> = assert(io.open("/proc/sys/kernel/overflow" .. kind))
  return file:read("l")
end

-- The real uid in the Uid: line of a status file.
local function status_uid(text) return text:match("Uid:%s+(%d+)") end
local function status_of_bash(s) return ("grep Uid: /proc/%d/status"):format(s.inside.pid) end

-- The owner of a file in what stat -c '%u %n' printed.
local function owner(text, path)
  for number, name in text:gmatch("(%d+) ([^\n]+)") do
    if name == path then return number end
  end
end

-- The capabilities that this kernel has, as /proc/PID/status writes a set.
local function all_capabilities()
  local file <close> = assert(io.open("/proc/sys/kernel/cap_last_cap"))
  return ("%016x"):format((1 << (file:read("n") + 1)) - 1)
end

-- In the negative control there is none, and how much power root has outside is the machine's affair.
local function has_user_namespace(scene) return scene.inside:inode("user") ~= ns.inode(scene.pid, "user") end

demo.main{
  title = { en = "User: nobody, and then root, of a system of one's own", zh = "User：先是 nobody，再是自己的 root" },
  section = { en = "2. User", zh = "2. Go 演示：User" },
  text = {
    en = "A user namespace holds a table of users: which number inside stands for which number outside. Who is root by that table \z
      has root's power over the namespaces that belong to it, and none over anything else.",
    zh = "User namespace 隔离用户和用户组 ID：它有一张映射表，说明里面的哪个 ID 对应外面的哪个 ID。按这张表是 root 的进程，\z
      对属于该 user namespace 的各个 namespace 有 root 权限，对其他一切都没有。",
  },
  programs = { "id", "grep", "hostname", "mount", "touch", "stat", "cat", "head" },
  needs = function()
    return not is_root or ORDINARY ~= nil, {
      en = "you are root of a user namespace without any other number (/proc/self/uid_map): nobody could play an ordinary user. Play it \z
        as an ordinary user, or as the machine's root",
      zh = "你是一个没有其他 ID 的 user namespace 里的 root（见 /proc/self/uid_map），没有谁能扮演普通用户。请以普通用户或本机的 root 身份来学",
    }
  end,
  steps = {
    { outside = "id; hostname", name = "outside",
      title = { en = "Who you are, and where", zh = "外面：你是谁，在哪台机器上" } },
    { enter = { uts = true, ipc = true, pid = true, mnt = true, user = true },
      title = { en = "bash in a new user namespace", zh = "在新的 user namespace 里启动 bash" },
      text = {
        en = "CLONE_NEWUSER is added. Of all types, this is the one that needs no privilege; the others are then made with its power.",
        zh = "flags 中加上 CLONE_NEWUSER。所有类型中只有它不需要特权；其余类型再凭它的权限创建。",
      } },
    { inside = "id; cat /proc/self/uid_map",
      title = { en = "Nobody", zh = "里面是 nobody" },
      predict = { en = "Who are you inside?", zh = "里面的你是谁？" },
      expect = { en = "nobody, and an empty table", zh = "nobody；映射表是空的" },
      why = {
        en = "Nothing was written to the table: no number outside has one inside, so the kernel shows the number that it keeps for that, \z
          and id knows it as nobody.",
        zh = "还没有人写过映射表：外面的 ID 在里面没有对应，内核就显示专门保留的那个 ID，id 把它叫作 nobody。",
      },
      checks = {
        { { en = "inside, you are nobody, of no group", zh = "里面：用户是 nobody，用户组是 nogroup" },
          function(out) return uid(out) == overflow("uid") and out:match("gid=(%d+)") == overflow("gid") end, depends = "user" },
        { { en = "inside and outside are different user namespaces", zh = "里面和外面是不同的 user namespace" },
          function(_, s) return s.inside:inode("user") ~= ns.inode(s.pid, "user") end, depends = "user" },
        { { en = "inside, the table of users is empty", zh = "里面：映射表为空" },
          function(out) return out:find("^uid=[^\n]*$") ~= nil end, depends = "user" },
      } },
    { outside = status_of_bash,
      title = { en = "The same bash, from outside", zh = "从外面看同一个 bash" },
      expect = { en = "your own number", zh = "你自己的 UID" },
      checks = {
        { { en = "outside, the same process has your uid", zh = "外面：同一个进程用的是你的 UID" },
          function(out, s) return status_uid(out) == uid(s.out.outside) end },
      } },
    { enter = MAPPED,
      title = { en = "A line in the table: root", zh = "在映射表里写一行：root" },
      text = is_root and {
        en = ("The article says that an ordinary user may be mapped to root, and does not show it. You are root, so a number that no \z
          account has, %d, plays that user: it shall stand for 0 inside."):format(ORDINARY or 0),
        zh = ("文中说非 root 用户可以映射成 root，但没有演示。你现在是 root，所以用一个没有账号的 ID %d 扮演普通用户：它在里面对应 0。"):format(ORDINARY or 0),
      } or {
        en = 'The article says that an ordinary user may be mapped to root, and does not show it. user = "root" lets your number stand \z
          for 0 inside.',
        zh = '文中说非 root 用户可以映射成 root，但没有演示。user = "root" 让你的 UID 在里面对应 0。',
      } },
    { inside = "id; cat /proc/$$/uid_map",
      expect = { en = "root; and a line: from 0 inside, from your number outside, 1 number", zh = "root；以及一行：里面从 0 起，外面从你的 UID 起，共 1 个" },
      checks = {
        { { en = "inside, you are root, and so is your group", zh = "里面：用户和用户组都是 root" },
          function(out) return out:find("uid=0(root) gid=0(root)", 1, true) ~= nil end },
        { { en = "the table makes one number root, and nobody else", zh = "映射表只让一个 ID 成为 root，别无他人" },
          function(out, s) return out:match("\n%s*0%s+(%d+)%s+1$") == outside_uid(s) end, depends = "user" },
      } },
    { outside = status_of_bash,
      title = { en = "Root, from outside", zh = "从外面看这个 root" },
      expect = { en = "no root at all", zh = "根本不是 root" },
      checks = {
        { { en = "outside, root's process has an ordinary uid", zh = "外面：这个 root 进程用的是普通 UID" },
          function(out, s) return status_uid(out) == outside_uid(s) and status_uid(out) ~= "0" end, depends = "user" },
      }, name = "status" },
    { inside = "hostname my-own-system; hostname; mount -t tmpfs mine /mnt && grep ^mine /proc/mounts; grep CapEff /proc/self/status",
      title = { en = "Power inside", zh = "里面有权限" },
      text = {
        en = "What only root may: another host name, a mount. And the capabilities, as bits.",
        zh = "做两件只有 root 能做的事：改主机名、挂载。再看 capabilities 的各个位。",
      },
      expect = { en = "the new name, the mount, and all bits set", zh = "新的主机名、新的挂载，各位全是 1" },
      why = {
        en = "The UTS and the mount namespace were made with this user namespace, and belong to it.",
        zh = "UTS 和 mount namespace 是连同这个 user namespace 一起创建的，归它所有。",
      },
      checks = {
        { { en = "inside, root may change the host name", zh = "里面：root 可以修改主机名" },
          function(out, s) return out:find("^my%-own%-system\n") and not s.out.outside:find("\nmy%-own%-system$") end },
        { { en = "inside, root may mount", zh = "里面：root 可以挂载" },
          function(out) return out:find("\nmine /mnt tmpfs ", 1, true) ~= nil end },
        { { en = "inside, root has every capability", zh = "里面：root 拥有全部 capability" },
          function(out) return out:match("CapEff:%s*(%x+)") == all_capabilities() end, needs = has_user_namespace },
      } },
    { inside = "touch /mnt/file && stat -c '%u %n' /mnt/file /etc/passwd", name = "owners",
      title = { en = "Whose file is it?", zh = "文件归谁？" },
      text = { en = "A new file, made inside by root, and one of the real root.", zh = "一个是 root 在里面新建的文件，一个是真正 root 的文件。" },
      expect = { en = "0 for the new file; nobody's number for root's own", zh = "新文件是 0；真正 root 的文件却显示为 nobody" },
      why = {
        en = "stat(2) translates by the table. The real root has no number inside, so his files seem to be nobody's.",
        zh = "stat(2) 按映射表换算。真正的 root 在里面没有对应的 ID，所以他的文件看上去属于 nobody。",
      },
      checks = {
        { { en = "inside, root's new file is root's", zh = "里面：新文件属于 root" },
          function(out) return owner(out, "/mnt/file") == "0" end },
      } },
    { outside = function(s) return ("(cd /proc/%d/root && stat -c '%%u %%n' mnt/file etc/passwd)"):format(s.inside.pid) end,
      text = {
        en = "The same two from outside. The new one is on the tmpfs inside; /proc/PID/root leads there.",
        zh = "从外面看同样两个文件。新文件在里面的 tmpfs 上，经 /proc/PID/root 可以到达。",
      },
      expect = { en = "an ordinary number for the new file", zh = "新文件属于普通 UID" },
      why = {
        en = "The file system has the number outside. One table for both directions.",
        zh = "文件系统里记录的是外面的 ID，两个方向用的是同一张表。",
      },
      checks = {
        { { en = "the same file has another owner outside, and root's file another owner inside", zh = "同一个文件在外面属主不同，root 的文件在里面属主不同" },
          function(out, s)
            local outside = owner(out, "mnt/file")
            return outside == outside_uid(s) and outside ~= "0"
              and owner(s.out.owners, "/etc/passwd") == overflow("uid")
          end, depends = "user" },
      } },
    { inside = "id -u; head -c 1 /etc/shadow",
      title = { en = "No power outside: files", zh = "外面没有权限：文件" },
      predict = { en = "May this root read /etc/shadow?", zh = "这个 root 能读 /etc/shadow 吗？" },
      expect = { en = "0, and Permission denied", zh = "UID 是 0，但 Permission denied" },
      why = {
        en = "Its owner has no number in the table, so root's power to overrule permissions does not reach it.",
        zh = "它的属主不在映射表里，root 越过权限检查的能力管不到它。",
      },
      checks = {
        { { en = "root inside, ordinary outside, may not read /etc/shadow", zh = "里面是 root，外面是普通用户：读不了 /etc/shadow" },
          function(out, s)
            return out:find("^0\n") ~= nil and out:find("Permission denied", 1, true) ~= nil and status_uid(s.out.status) ~= "0"
          end, depends = "user" },
      } },
    { enter = { user = "root" },
      title = { en = "No power outside: the host's name", zh = "外面没有权限：宿主机的名字" },
      text = {
        en = 'Root by user = "root", but this time without a UTS namespace: bash stays in the host\'s.',
        zh = '仍用 user = "root" 成为 root，但这次不创建 UTS namespace：bash 留在宿主机的 UTS namespace 里。',
      } },
    -- Its own name, so that nothing changes should the kernel allow it.
    { inside = "id -u; readlink /proc/$$/ns/uts; hostname \"$(hostname)\" && echo allowed",
      predict = { en = "May this root name the host?", zh = "这个 root 能修改宿主机的名字吗？" },
      expect = { en = "0, and: you must be root", zh = "UID 是 0，却提示 you must be root（你必须是 root）" },
      why = {
        en = "The host's UTS namespace belongs to another user namespace. This holds even if you are root outside.",
        zh = "宿主机的 UTS namespace 归另一个 user namespace 所有。即使你在外面是 root 也一样。",
      },
      checks = {
        { { en = "inside, you are root, and the UTS namespace is the host's", zh = "里面：你是 root，UTS namespace 却是宿主机的" },
          function(out, s) return out:match("^0\nuts:%[(%d+)%]") == tostring(ns.inode(s.pid, "uts")) end },
        { { en = "inside, root may not touch the host's name", zh = "里面：root 改不了宿主机的名字" },
          function(out) return out:find("must be root", 1, true) ~= nil end, depends = "user" },
      } },
    -- In the control of a root without CAP_SYS_ADMIN there is no such number: an answer, too.
    { lua = is_root and ([[
ok, uid, inside = pcall(ns.call, { uid = ORDINARY, gid = ORDINARY }, function()
  return sys.geteuid(), ns.run{ user = "root", "id", "-u" }.stdout
end)
return uid, inside]]):gsub("ORDINARY", tostring(ORDINARY)) or [[
ns.call({}, function()
  return sys.geteuid(), ns.run{ user = "root", "id", "-u" }.stdout
end)]],
      title = { en = "No root needed (Linux 3.8)", zh = "不需要 root（Linux 3.8 起）" },
      text = {
        en = "An ordinary user makes the namespace, without any help. Before, and inside:",
        zh = "由普通用户自己创建，不借助任何特权。创建之前的 UID，和里面的 UID：",
      },
      expect = { en = "an ordinary number, then 0", zh = "先是普通 UID，然后是 0" },
      checks = {
        { { en = "an ordinary user may make a user namespace, and is root in it", zh = "普通用户可以创建 user namespace，并在里面成为 root" },
          function(_, _, values) return values and values[1] ~= 0 and values[2] == "0\n" end, depends = "user" },
      } },
    { lua = [[ns.run{ user = "root", "head", "-c", "1", "/etc/shadow" }.ok]], needs = "root",
      title = { en = "A warning to root", zh = "给 root 的提醒" },
      text = {
        en = 'user = "root" for you who are root already: the table is 0 to 0. Can /etc/shadow be read now?',
        zh = '你本来就是 root，这时 user = "root" 的映射是 0 对 0。现在能读 /etc/shadow 吗？',
      },
      expect = { en = "true: it can", zh = "true：能读" },
      why = {
        en = "To files you are still number 0, their owner. What keeps containers out is a table whose outside is not 0.",
        zh = "对文件来说你仍是 0 号用户，即文件的属主。要把容器挡在外面，映射表外侧就不能是 0。",
      },
      checks = {
        { { en = "root who maps himself to root still owns root's files", zh = "root 把自己映射成 root，仍然拥有 root 的文件" },
          function(_, _, values) return values[1] == true end },
      } },
    { outside = "id; hostname",
      title = { en = "The outside, afterwards", zh = "外面，事后再看" },
      checks = {
        { { en = "outside, the host's name and you are what they were", zh = "外面：主机名和你都没有变" },
          function(out, s) return out == s.out.outside end },
      } },
  },
}
