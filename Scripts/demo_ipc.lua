-- IPC namespace: message queues that the others cannot see
local demo = require "nssh.demo"

-- The keys in what ipcs -q printed. (Ids will not do: every namespace counts its own from 0.)
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
  title = "IPC: message queues that the others cannot see",
  text = "An IPC namespace holds what processes leave in the kernel to talk to each other: System V message queues, semaphores, \z
    shared memory, and POSIX message queues.",
  programs = { "ipcs", "ipcmk" },
  host = { ipc = true },
  host_text = "The article makes a queue on its host. Here a throw-away IPC namespace plays the host, so that yours stays clean: \z
    `outside` is in it, and `inside` in another one.",
  steps = {
    { outside = "ipcs -q", name = "before",
      text = "The queues of the host, at first." },
    { outside = "ipcmk -Q",
      checks = { { "outside, a queue is made", function(out) return out:find("%d+$") ~= nil end } } },
    { outside = "ipcs -q", name = "made",
      why = "There it is.",
      checks = {
        { "outside, there is one queue more", function(out, s) return select(2, new_keys(out, s.out.before)) == 1 end },
      } },
    { enter = { uts = true, ipc = true },
      text = "CLONE_NEWIPC is added to the flags." },
    { inside = "ipcs -q", name = "inside",
      why = "A new IPC namespace is not a copy, it starts empty: the host's queue cannot be named here, not even by root.",
      checks = {
        { "inside, the host's queue is not there", function(out, s) return none_of(out, keys(s.out.made)) end, depends = "ipc" },
        { "inside, there is no queue at all", function(out) return select(2, keys(out)) == 0 end, depends = "ipc" },
        { "inside and outside are different IPC namespaces", function(_, s)
          return s.inside:inode("ipc") ~= ns.inode(s.pid, "ipc")
        end, depends = "ipc" },
      } },
    { inside = "ipcmk -Q" },
    { inside = "ipcs -q", name = "inside_made",
      why = "The other way round: a queue made inside. Its id may be the same as the host's, each namespace counts for itself.",
      checks = {
        { "inside, there is one queue more", function(out, s) return select(2, new_keys(out, s.out.inside)) == 1 end },
      } },
    { outside = "ipcs -q",
      why = "Outside there is still just the first.",
      checks = {
        { "outside, the queues are what they were", function(out, s) return out == s.out.made end, depends = "ipc" },
        { "outside, the queue that was made inside is not there", function(out, s)
          return none_of(out, (new_keys(s.out.inside_made, s.out.inside)))
        end, depends = "ipc" },
      } },
  },
}
