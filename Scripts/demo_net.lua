-- Network namespace: devices, addresses and ports of one's own, and a bridge between two
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

local function device_or_address(line) return line:find("^%d") or line:find("inet ", 1, true) end

local CONTAINER = { uts = true, pid = true, mnt = true, net = true }
local SERVE = "mount -t tmpfs web /mnt && hostname > /mnt/index.html && busybox httpd -p 80 -h /mnt && ss -ltn"
-- By timeout(1): Debian's busybox 1.35 crashes with wget -T. In the foreground, it ends with the terminal of its bash.
local GET = "timeout --foreground 2 busybox wget -Y off -q -O - "

local function configure(address)
  return ("ip addr add %s/24 dev eth0 && ip link set eth0 up && ip link set lo up && ip -4 -br addr"):format(address)
end

local function is_listening(out, _, status)
  return status == 0 and out:find("LISTEN[^\n]*:80%s") ~= nil
end

-- Bridges and veth are modules of the kernel, and may be missing.
local function can_bridge()
  return demo.possible({ "net" }, "ip link add br0 type bridge && ip link add one type veth peer name two")
end

demo.main{
  title = { en = "Network: devices, addresses and ports of one's own", zh = "Network：自己的设备、地址和端口" },
  section = { en = "2. Network", zh = "2. Go 演示：Network" },
  text = {
    en = "A network namespace holds a whole network stack: devices, addresses, routes, firewall rules, ports. Two programs in two \z
      of them can both listen on port 80, and a bridge on the host joins them.",
    zh = "Network namespace 隔离整个网络栈：网络设备、IP 地址、路由、防火墙规则、端口。两个 namespace 里的程序可以都监听 80 端口，\z
      再用宿主机上的网桥把它们连起来。",
  },
  programs = { "ip", "ss", "busybox", "mount", "hostname", "timeout" },
  needs = can_bridge,
  host = { net = true },
  host_text = {
    en = "The host gets a bridge here. So a throw-away network namespace plays the host, and yours stays as it is.",
    zh = "本课要在宿主机上搭建网桥，所以用一次性的 network namespace 扮演宿主机，不改动你的机器。",
  },
  steps = {
    { outside = "ip link add br0 type bridge && ip addr add 10.0.0.1/24 dev br0 && ip link set br0 up && ip link set lo up && ip addr",
      name = "before",
      title = { en = "The devices of the host", zh = "宿主机上的网络设备" },
      text = {
        en = "The host gets a bridge with an address, like Docker's docker0. Then, as in the article, a look at its devices.",
        zh = "先给宿主机一个带地址的网桥，相当于 Docker 的 docker0；然后像文中那样查看网络设备。",
      },
      focus = device_or_address,
      expect = { en = "lo and br0, both up", zh = "有 lo 和 br0，都已启用" },
      checks = {
        { { en = "outside, there are lo and br0, up", zh = "外面：有 lo 和 br0，已启用" },
          function(out)
            local devices, addresses = parse(out)
            return is_up(devices.lo or "") and is_up(devices.br0 or "") and addresses["10.0.0.1/24"]
          end },
      } },
    { enter = { uts = true, ipc = true, user = true, net = true },
      title = { en = "bash in a new network namespace", zh = "在新的 network namespace 里启动 bash" },
      text = {
        en = "CLONE_NEWNET is added (and, as in the article, a user namespace without a table, so you are nobody inside).",
        zh = "flags 中加上 CLONE_NEWNET（和文中一样，还有一个没有映射表的 user namespace，所以里面是 nobody）。",
      } },
    { inside = "ip addr",
      title = { en = "The devices inside", zh = "里面的网络设备" },
      focus = device_or_address,
      expect = { en = "lo, down; no br0, no address", zh = "只有 lo，而且没有启用；没有 br0，也没有地址" },
      why = {
        en = "New, not a copy: lo, and what some drivers of tunnels add to every namespace. All else has to be moved in.",
        zh = "它是全新的，不是拷贝：只有 lo，以及某些隧道驱动给每个 namespace 都加上的设备。其余的都得从外面移进来。",
      },
      checks = {
        { { en = "inside, there is lo, and it is down", zh = "里面：有 lo，没有启用" },
          function(out)
            local lo = parse(out).lo
            return lo and not is_up(lo)
          end, depends = "net" },
        { { en = "inside, there is none of the host's addresses, and no br0", zh = "里面：没有宿主机的任何地址，也没有 br0" },
          function(out, s)
            local _, outside = parse(s.out.before)
            local devices, inside = parse(out)
            for address in pairs(inside) do
              if outside[address] then return false, address .. " is on both sides" end
            end
            return devices.lo and not devices.br0
          end, depends = "net" },
        { { en = "inside and outside are different network namespaces", zh = "里面和外面是不同的 network namespace" },
          function(_, s) return s.inside:inode("net") ~= ns.inode(s.pid, "net") end, depends = "net" },
      } },
    { outside = "ip addr",
      focus = device_or_address,
      expect = { en = "as before", zh = "没有变" },
      checks = {
        { { en = "outside, devices and addresses are what they were", zh = "外面：设备和地址都没有变" },
          function(out, s) return fingerprint(out) == fingerprint(s.out.before), fingerprint(s.out.before) end },
      } },
    { enter = CONTAINER, as = "red",
      title = { en = "Two containers", zh = "两个容器" },
      text = {
        en = "The article says that a bridge makes containers talk, and leaves it at that. Two of them, red and blue, each with a host \z
          name, processes, mounts and a network of its own:",
        zh = "文中说搭建网桥后容器就能通信，没有演示。现在做两个容器 red 和 blue，各有自己的主机名、进程、挂载和网络：",
      } },
    { enter = CONTAINER, as = "blue" },
    { outside = function(s)
        local cable = "ip link add %s type veth peer name eth0 netns %d; "
        return cable:format("red", s.at.red.pid) .. cable:format("blue", s.at.blue.pid) .. "ip -br link"
      end,
      title = { en = "A cable each", zh = "各接一根网线" },
      text = {
        en = "A veth pair is a cable with two ends. One end stays here, the other is made inside and called eth0.",
        zh = "veth pair 就是一根有两端的网线：一端留在外面，另一端直接创建在里面，名为 eth0。",
      },
      expect = { en = "red and blue here, and no eth0", zh = "这里有 red 和 blue，没有 eth0" },
      checks = {
        { { en = "outside, there is only one end of each cable", zh = "外面：每根网线只有一端" },
          function(out)
            local lines = "\n" .. out
            return lines:find("\nred@") and lines:find("\nblue@") and not lines:find("\neth0")
          end, depends = "net" },
      } },
    { outside = "ip link set red master br0 up && ip link set blue master br0 up", name = "plug",
      text = { en = "The ends that are here are plugged into the bridge.", zh = "把外面的两端插到网桥上。" } },
    { inside = "hostname red; " .. configure("10.0.0.2"), at = "red",
      title = { en = "An address each", zh = "各配一个地址" },
      checks = {
        { { en = "red has the address 10.0.0.2", zh = "red 有地址 10.0.0.2" },
          function(out) return out:find("eth0@[^\n]* 10%.0%.0%.2/24") ~= nil end },
      } },
    { inside = "hostname blue; " .. configure("10.0.0.3"), at = "blue",
      checks = {
        { { en = "blue has another, and not red's", zh = "blue 有另一个地址，没有 red 的地址" },
          function(out) return out:find("eth0@[^\n]* 10%.0%.0%.3/24") and not out:find("10.0.0.2/", 1, true) end, depends = "net" },
      } },
    { inside = SERVE, at = "red",
      title = { en = "The same port in both", zh = "使用相同的端口" },
      text = {
        en = "A web server on port 80 of red. Its page is the host name.",
        zh = "在 red 的 80 端口启动 web 服务器，网页内容就是主机名。",
      },
      expect = { en = "it listens on port 80", zh = "正在监听 80 端口" },
      checks = {
        { { en = "red has port 80", zh = "red 占用 80 端口" }, is_listening },
      } },
    { inside = SERVE, at = "blue",
      text = { en = "And on port 80 of blue.", zh = "blue 也用 80 端口。" },
      predict = { en = "Port 80 is taken in red. Does blue get it?", zh = "80 端口在 red 里已被占用，blue 还能用吗？" },
      expect = { en = "so does this one", zh = "同样监听成功" },
      checks = {
        { { en = "blue has port 80 at the same time", zh = "blue 同时也占用 80 端口" }, is_listening, depends = "net" },
      } },
    { inside = "busybox httpd -p 80 -h /mnt", at = "red",
      text = {
        en = "And once more on port 80 of red, where it is taken.",
        zh = "在 red 里再启动一个，端口已被占用。",
      },
      expect = { en = "Address already in use", zh = "Address already in use（地址已被占用）" },
      why = { en = "EADDRINUSE: ports are counted within one namespace.", zh = "EADDRINUSE：端口在同一个 namespace 内才会冲突。" },
      checks = {
        { { en = "in one namespace, a port cannot be used twice", zh = "同一个 namespace 里，端口不能用两次" },
          function(out, _, status) return status ~= 0 and out:find("Address already in use", 1, true) ~= nil end },
      } },
    { inside = GET .. "http://10.0.0.2/", at = "blue",
      title = { en = "Traffic over the bridge", zh = "经过网桥的流量" },
      text = { en = "blue asks red.", zh = "blue 访问 red。" },
      expect = "red",
      why = {
        en = "From blue's eth0 to the end called blue, through the bridge, into the end called red, out of red's eth0.",
        zh = "从 blue 的 eth0 出发，到外面名为 blue 的一端，经过网桥，进入名为 red 的一端，从 red 的 eth0 出来。",
      },
      checks = {
        { { en = "blue reaches red through the bridge", zh = "blue 通过网桥访问到 red" },
          function(out) return out == "red" end, depends = "step plug" },
      } },
    { outside = GET .. "http://10.0.0.2/ && " .. GET .. "http://10.0.0.3/",
      text = { en = "The host asks port 80 of both.", zh = "宿主机分别访问两个容器的 80 端口。" },
      expect = { en = "two different answers", zh = "两个不同的回答" },
      checks = {
        { { en = "the same port has another program in each", zh = "同一个端口，各有各的程序" },
          function(out) return out == "red\nblue" end, depends = { "net", "step plug" } },
      } },
  },
}
