-- What a net namespace isolates, as LTP's netns suites ask it. The outside is a net namespace of the test's own.
local check = require "check"
local here = require "here"
local apart = require "apart"
local tests = {}

local function names(links)
  local result = {}
  for _, link in ipairs(links or net.links()) do result[#result + 1] = link.name end
  table.sort(result)
  return result
end

-- Two held net namespaces with a veth pair between them: va in a, vb in b.
local function pair()
  here.need_program("ip", "iproute2")
  here.need_user_namespaces()
  here.need("unshare --user --map-root-user --net ip link add x type veth peer name y", "this kernel has no veth")
  local a = apart.clone{ net = { lo = true } }
  local b = ns.clone{ user = a, net = { lo = true } }
  local made = a:run{ "ip", "link", "add", "va", "type", "veth", "peer", "name", "vb", "netns", tostring(b.pid) }
  made:check()
  return a, b
end

local function addresses(a, b, family, first, second)
  for p, address in pairs{ [a] = { "va", first }, [b] = { "vb", second } } do
    p:run{ "ip", family, "addr", "add", address[2], "dev", address[1], table.unpack(family == "-6" and { "nodad" } or {}) }:check()
    p:run{ "ip", "link", "set", address[1], "up" }:check()
  end
end

-- Sends a line by TCP from b to a server in a.
local function talk(a, b, class, address)
  here.need("perl -MIO::Socket::IP -e 1", "perl's IO::Socket::IP is missing: Debian package perl")
  local listen = ([[use IO::Socket::IP; $| = 1;
    my $s = IO::Socket::IP->new(Listen => 1, LocalHost => '%s', LocalPort => 4711, ReuseAddr => 1) or die "listen: $@";
    print "ready\n"; my $c = $s->accept or die; print scalar <$c>]]):format(address)
  local send = ([[use IO::Socket::IP; my $c = IO::Socket::IP->new(PeerHost => '%s', PeerPort => 4711, Timeout => 5) or die "connect: $@";
    print $c "%s\n"]]):format(address, class)
  local results = {}
  local server <close> = ns.clone{ user = a, net = a, stdout = "pipe", "perl", "-e", listen }
  results[1] = server.stdout:read("l")
  b:run{ "perl", "-e", send, timeout = 10 }:check()
  results[2] = server.stdout:read("l")
  check.eq(results, { "ready", class })
end

tests["a new one has lo alone, and it is down unless asked for"] = function()
  local function look()
    local lo = net.links()
    return { #lo, lo[1].name, lo[1].up }
  end
  check.eq(apart.call({ net = true }, look), { 1, "lo", false })
  check.eq(apart.call({ net = { lo = true } }, look), { 1, "lo", true })
end

tests["sysfs shows the devices of the namespace that mounted it"] = function()
  here.need("unshare --user --map-root-user --net --mount mount -t sysfs none /mnt", "sysfs cannot be mounted here")
  local seen = apart.with_tmp({ net = true }, function()
    sys.mount{ source = "none", target = "/tmp", type = "sysfs" }
    return sys.readdir("/tmp/class/net")
  end)
  check.eq(seen, { "lo" })
end

tests["links made inside are not outside"] = function()
  local a <close>, b = pair()
  local before = names()
  check.eq(a:call(names), { "lo", "va" })
  check.eq(b:call(names), { "lo", "vb" })
  check.eq(names(), before)
  b:close()
end

tests["two namespaces talk over a veth pair, by IPv4 and IPv6"] = function()
  local a <close>, b = pair()
  addresses(a, b, "-4", "10.99.0.1/24", "10.99.0.2/24")
  talk(a, b, "IPv4", "10.99.0.1")
  here.need("test -e /proc/net/if_inet6", "this kernel has no IPv6")
  addresses(a, b, "-6", "fd00:4711::1/64", "fd00:4711::2/64")
  talk(a, b, "IPv6", "fd00:4711::1")
  b:close()
end

tests["without a link between them nothing passes"] = function()
  here.need_program("perl", "perl-base")
  local a <close> = apart.clone{ net = { lo = true } }
  local code = [[use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
    print bind($s, sockaddr_in(4711, INADDR_LOOPBACK)) && listen($s, 1) ? "bound\n" : "$!\n"; close STDOUT; sleep 1000]]
  local connect = [[use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0);
    print connect($s, sockaddr_in(4711, INADDR_LOOPBACK)) ? "connected" : $! + 0]]
  local b <close> = ns.clone{ user = a, net = { lo = true } }
  local server <close> = ns.clone{ user = a, net = a, stdout = "pipe", "perl", "-e", code }
  check.eq(server.stdout:read("l"), "bound")
  check.eq(a:run{ "perl", "-e", connect }.stdout, "connected")
  check.eq(b:run{ "perl", "-e", connect }.stdout, "111") -- ECONNREFUSED
  local other <close> = ns.clone{ user = a, net = b, stdout = "pipe", "perl", "-e", code }
  check.eq(other.stdout:read("l"), "bound", "the same port in the other")
end

tests["a link is moved, renamed, and goes with its namespace"] = function()
  local a <close>, b = pair()
  a:run{ "ip", "link", "set", "va", "name", "renamed" }:check()
  check.eq(a:call(names), { "lo", "renamed" })
  a:run{ "ip", "link", "set", "renamed", "netns", tostring(b.pid) }:check()
  check.eq(a:call(names), { "lo" })
  check.eq(b:call(names), { "lo", "renamed", "vb" })
  a:run{ "ip", "link", "add", "x", "type", "veth", "peer", "name", "y", "netns", tostring(b.pid) }:check()
  check.eq(a:call(names), { "lo", "x" })
  b:close() -- a veth pair dies with either end
  apart.eventually(function() return #a:call(names) == 1 end, "x outlived its other end")
end

tests["lo cannot be moved"] = function()
  here.need_program("ip", "iproute2")
  local a <close> = apart.clone{ net = true }
  local b <close> = ns.clone{ user = a, net = true }
  local result = a:run{ "ip", "link", "set", "lo", "netns", tostring(b.pid) }
  check.eq(result.ok, false, result.stderr)
  check.eq(#b:call(net.links), 1)
end

tests["abstract sockets are the net namespace's"] = function()
  here.need_program("perl", "perl-base")
  local a <close> = apart.clone{ net = true }
  local b <close> = ns.clone{ user = a, net = true }
  local listen = [[use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un("\0nssh-test")) && listen($s, 1) or die;
    $| = 1; print "bound\n"; sleep 1000]]
  local connect = [[use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0);
    print connect($s, sockaddr_un("\0nssh-test")) ? "connected" : $! + 0]]
  local server <close> = ns.clone{ user = a, net = a, stdout = "pipe", "perl", "-e", listen }
  check.eq(server.stdout:read("l"), "bound")
  check.eq(a:run{ "perl", "-e", connect }.stdout, "connected")
  check.eq(b:run{ "perl", "-e", connect }.stdout, "111")
end

return tests
