-- Network namespace: devices and addresses of one's own
local demo = require "nssh.demo"

-- What ip addr printed: the flags of each device by its name, and all addresses, of hardware and of IP.
local function parse(text)
  local devices, addresses, count = {}, {}, 0
  for name, flags in text:gmatch("%f[^\n\0]%d+: ([^:@%s]+)[^:]*: <([^>]*)>") do
    devices[name], count = flags, count + 1
  end
  for kind, address in text:gmatch("%s(%a[%w/]+) ([%x.:]+[%d/]*) ") do
    if kind == "inet" or kind == "inet6" or kind == "link/ether" then addresses[address] = true end
  end
  return devices, addresses, count
end

local function is_up(flags) return ("," .. flags .. ","):find(",UP,", 1, true) ~= nil end

-- Names and addresses in one string: the rest (lifetimes, states) may change by itself.
local function fingerprint(text)
  local devices, addresses = parse(text)
  local words = {}
  for name in pairs(devices) do words[#words + 1] = name end
  for address in pairs(addresses) do words[#words + 1] = address end
  table.sort(words)
  return table.concat(words, " ")
end

demo.main{
  title = "Network: devices and addresses of one's own",
  text = "A network namespace holds a whole network stack: devices, addresses, routes, firewall rules, ports. Two programs in two \z
    of them can both listen on port 80.",
  programs = { "ip" },
  steps = {
    { outside = "ip addr", name = "before",
      focus = function(line) return line:find("^%d") or line:find("inet ", 1, true) end,
      why = function(s) return ("The host has %d devices."):format((select(3, parse(s.out.before)))) end,
      checks = { { "outside, there is at least lo", function(out) return parse(out).lo end } } },
    { enter = { uts = true, ipc = true, user = true, net = true },
      text = "CLONE_NEWNET is added (and, as in the article, a user namespace without a table, so you are nobody inside)." },
    { inside = "ip addr", name = "inside",
      why = function(s)
        return ("%d here. Only lo, new and not yet up, and what some drivers of tunnels add to every namespace; no address, no way out: \z
          whatever shall be here has to be moved or made (a veth pair, as container engines do)."):format((select(3, parse(s.out.inside))))
      end,
      checks = {
        { "inside, there is lo, and it is down", function(out)
          local lo = parse(out).lo
          return lo and not is_up(lo)
        end, depends = "net" },
        { "inside, there is none of the host's addresses", function(out, s)
          local _, outside = parse(s.out.before)
          local _, inside = parse(out)
          for address in pairs(inside) do
            if outside[address] then return false, address .. " is on both sides" end
          end
          return true
        end, depends = "net" },
        { "inside and outside are different network namespaces", function(_, s)
          return s.inside:inode("net") ~= ns.inode(s.pid, "net")
        end, depends = "net" },
      } },
    { outside = "ip addr",
      focus = function(line) return line:find("^%d") or line:find("inet ", 1, true) end,
      why = "Outside nothing has changed.",
      checks = {
        { "outside, devices and addresses are what they were", function(out, s)
          return fingerprint(out) == fingerprint(s.out.before), fingerprint(out) .. "\nbefore:\n" .. fingerprint(s.out.before)
        end },
        { "outside, lo is as it was", function(out, s)
          local lo, before = parse(out).lo, parse(s.out.before).lo
          return lo and lo == before
        end },
      } },
  },
}
