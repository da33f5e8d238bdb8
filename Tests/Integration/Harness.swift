import Glibc
import Testing

/// All tests that run the binary, one at a time: they look at what is on the whole machine.
@Suite(.serialized) struct Integration {}

/// How a run ended.
struct Outcome: CustomStringConvertible {
    /// The exit code; nil when a signal ended it.
    var status: Int32?
    /// The signal's number.
    var signal: Int32?
    var bytes, errorBytes: [UInt8]
    var seconds: Double

    init(status: Int32, stdout: [UInt8], stderr: [UInt8], seconds: Double) {
        // WIFEXITED and the others of wait(2) are macros.
        if status & 0x7f == 0 { self.status = status >> 8 & 0xff } else { signal = status & 0x7f }
        bytes = stdout
        errorBytes = stderr
        self.seconds = seconds
    }

    var stdout: String { String(decoding: bytes, as: UTF8.self) }
    var stderr: String { String(decoding: errorBytes, as: UTF8.self) }

    var description: String {
        let how = status.map { "status \($0)" } ?? "signal \(signal ?? 0)"
        return "\(how), stdout \(stdout.prefix(2000).debugDescription), stderr \(stderr.suffix(4000))"
    }
}

/// Runs nssh, or another program, to its end.
func run(
    _ arguments: String..., program: String? = nil, as identity: Identity = Identity.available[0], stdin: Start.Input = .null,
    environment: [String: String?] = [:], directory: String? = nil, timeout: Double = 30,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Outcome {
    let start = Start(
        arguments: arguments, program: program, identity: identity, input: stdin, environment: environment, directory: directory)
    return Running(start).end(timeout: timeout, sourceLocation: sourceLocation)
}

/// Runs a line of sh, in which $NSSH is the binary.
func sh(
    _ line: String, as identity: Identity = Identity.available[0], stdin: Start.Input = .null, environment: [String: String?] = [:],
    directory: String? = nil, timeout: Double = 30, sourceLocation: SourceLocation = #_sourceLocation
) -> Outcome {
    run(
        "-c", line, program: "/bin/sh", as: identity, stdin: stdin, environment: environment, directory: directory,
        timeout: timeout, sourceLocation: sourceLocation)
}

/// Runs a Lua chunk whose own checks have to hold; what it wrote comes back.
@discardableResult
func lua(
    _ chunk: String, as identity: Identity, environment: [String: String?] = [:], directory: String? = nil, timeout: Double = 30,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Outcome {
    let result = run(
        "-e", prelude, "-e", chunk, as: identity, environment: environment, directory: directory, timeout: timeout,
        sourceLocation: sourceLocation)
    if result.status != 0 || !result.stderr.isEmpty { Issue.record("\(result)", sourceLocation: sourceLocation) }
    return result
}

/// What chunks find there: `new` makes options that work for everybody, `eq`, `has` and `fails` check.
let prelude = #"""
    is_root = sys.geteuid() == 0
    function new(t) if not is_root and t.user == nil then t.user = "root" end return t end
    function eq(got, want, what)
      if got ~= want then error(("%s: got %s, want %s"):format(what or "value", tostring(got), tostring(want)), 2) end
    end
    function has(text, part)
      if not tostring(text):find(part, 1, true) then error(("%q is not in %q"):format(part, tostring(text)), 2) end
    end
    -- Calls f, whose error has to be a table with these fields (message: what it contains). Returns the error.
    function fails(fields, f, ...)
      local ok, e = pcall(f, ...)
      if ok then error("no error came", 2) end
      if type(e) ~= "table" then error("the error is no table: " .. tostring(e), 2) end
      for name, value in pairs(fields) do
        if name == "message" then
          if not e.message:find(value, 1, true) then error(("%q is not in %q"):format(value, e.message), 2) end
        elseif e[name] ~= value then
          error(("%s: got %s, want %s (%s)"):format(name, tostring(e[name]), tostring(value), tostring(e)), 2)
        end
      end
      return e
    end
    -- The inode numbers of the process that calls it, by type.
    function inodes() local t = ns.inode("self"); t.pid_for_children = nil; t.time_for_children = nil; return t end
    all_types = { "uts", "ipc", "pid", "mnt", "user", "net", "cgroup", "time" }
    """#
