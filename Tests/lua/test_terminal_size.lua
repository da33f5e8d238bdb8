-- The terminal of a session has the size of nssh's own, and follows it.
local check = require "check"
local typing = require "typing"
local tests = {}

local nssh = sys.readlink("/proc/self/exe")

tests["a session's terminal begins with the size of nssh's"] = function()
  local shell <close> = typing.start{ env = { NSSH = nssh }, sh = [[
    stty rows 33 cols 77
    "$NSSH" -e 'ns.shell{ session = true, sh = "stty size; read seen" }'
    "$NSSH" -e 'local p <close> = ns.clone{ session = true, sh = "stty size; read seen" } print("clone", p.stdout:read("l"))']] }
  shell:expect("^33 77\r")
  shell:type("\n")
  shell:expect("^clone\t33 77\r")
  check.eq(shell:wait(), 0)
end

tests["and follows when that changes"] = function()
  local shell <close> = typing.start{ env = { NSSH = nssh }, sh = [[
    tty; stty rows 33 cols 77
    exec "$NSSH" -e 'local r = ns.shell{ session = true, sh = [=[
      trap "stty size; exit 5" WINCH; echo ready; while :; do sleep 0.02; done]=] } os.exit(r.status)']] }
  local terminal = shell:expect("^(/dev/%g+)")
  shell:expect("^ready")
  ns.run{ "stty", "-F", terminal, "rows", "40", "cols", "101" }:check()
  shell:expect("^40 101\r")
  check.eq(shell:wait(), 5)
end

return tests
