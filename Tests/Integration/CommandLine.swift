import Testing

extension Integration {
    /// The options that nssh shares with lua, and a few of its own.
    @Suite struct CommandLine {
        let leaks = LeakGuard()

        @Test(arguments: Identity.available) func chunksRunInOrder(_ identity: Identity) {
            let result = run("-e", "x = 1", "-ex = x + 1", "-e", "print(x)", as: identity)
            #expect(result.status == 0)
            #expect(result.stdout == "2\n")
            #expect(result.stderr == "")
        }

        @Test func modulesAreRequiredIntoGlobals() {
            #expect(run("-l", "nssh.demo", "-e", "print(type(_G['nssh.demo']))").stdout == "table\n")
            #expect(run("-l", "d=nssh.demo", "-e", "print(type(d))").stdout == "table\n")
            #expect(run("-ld=nssh.demo", "-e", "print(type(d))").stdout == "table\n")
            let missing = run("-l", "no.such.module", "-e", "print(1)")
            #expect(missing.status == 1)
            #expect(missing.stdout == "")
            #expect(missing.stderr.contains("module 'no.such.module' not found"))
        }

        @Test func warningsAreOffUntilTurnedOn() {
            #expect(run("-e", "warn('x')").stderr == "")
            #expect(run("-W", "-e", "warn('x')").stderr.contains("x"))
        }

        @Test(arguments: ["-v", "--version"]) func versionIsPrinted(_ option: String) {
            let result = run(option)
            #expect(result.status == 0)
            #expect(result.stdout.hasPrefix("nssh 0."))
            #expect(result.stdout.split(separator: "\n").count == 1)
        }

        @Test func helpNamesEveryOption() {
            let result = run("--help")
            #expect(result.status == 0)
            for option in ["-e", "-l", "-i", "-v", "-E", "-W", "--strict", "--list", "--course", "--new", "--version"] {
                #expect(result.stdout.contains("\n  \(option) "))
            }
        }

        @Test func listNamesTheBundledScriptsWithALineEach() {
            let result = run("--list", directory: "/")
            #expect(result.status == 0)
            let lines = result.stdout.split(separator: "\n")
            #expect(lines.contains { $0.contains("  demo_uts.lua ") && $0.count > 30 })
            #expect(!result.stdout.contains("lib/"))
        }

        @Test func anUnknownOptionIsNamed() {
            for option in ["-x", "--no-such", "-ve"] {
                let result = run(option)
                #expect(result.status == 1)
                #expect(result.stdout == "")
                #expect(result.stderr.contains("'\(option)'"))
            }
            #expect(run("-e").stderr.contains("'-e' needs an argument"))
            #expect(run("-e").status == 1)
            #expect(run("-l").status == 1)
        }

        @Test func anInteractiveRunReadsItsInputAfterTheScript() {
            let result = run("-i", "-e", "x = 5", stdin: .data(Array("x + 1\n".utf8)))
            #expect(result.status == 0)
            #expect(result.stdout.contains("6\n"))
        }

        @Test func optionsEndAtTwoDashes() {
            let path = "\(Place.directory)/-e.lua"
            Place.write(path, Array("print('it', ...)".utf8))
            defer { Place.remove(path) }
            let result = run("--", "-e.lua", "-v", directory: Place.directory)
            #expect(result.stdout == "it\t-v\n")
            #expect(result.status == 0)
        }

        @Test func argHasTheScriptAtZeroAndWhatCameBeforeBelow() {
            let path = "\(Place.directory)/args.lua"
            Place.write(path, Array("print(#arg, arg[0], arg[1], arg[2], arg[-1], arg[-2], arg[-3], arg[-4], ...)".utf8))
            defer { Place.remove(path) }
            let result = run("-W", "-e", "y = 1", path, "a", "-b")
            #expect(result.stdout == "2\t\(path)\ta\t-b\ty = 1\t-e\t-W\t\(Place.program)\ta\t-b\n")
        }

        @Test func argWithoutAScriptCountsFromTheProgram() {
            #expect(run("-e", "print(arg[0], arg[1], #arg)").stdout == "\(Place.program)\t-e\t2\n")
        }

        @Test func aScriptComesFromStandardInput() {
            let script = Array("#!/usr/bin/env nssh\nprint(arg[0], ...)\nerror('here', 1)".utf8)
            let result = run("-", "a", stdin: .data(script))
            #expect(result.stdout == "-\ta\n")
            #expect(result.status == 1)
            #expect(result.stderr.contains("stdin:3: here"))
            #expect(run(stdin: .data(Array("print(1 + 1)".utf8))).stdout == "2\n")
            #expect(run(stdin: .data([])).status == 0)
        }

        @Test(arguments: Identity.available) func aScriptWithAFirstLineIsAProgram(_ identity: Identity) {
            let path = "\(Place.directory)/script"
            Place.write(path, Array("#!\(Place.program)\nprint(...)\nprint(debug.getinfo(1).currentline)\nos.exit(4)".utf8), mode: 0o755)
            defer { Place.remove(path) }
            let result = run("x", "y z", program: path, as: identity)
            #expect(result.stdout == "x\ty z\n3\n")
            #expect(result.status == 4)
        }

        @Test func aMissingScriptIsAnErrorWithABundledOneThatWasMeant() {
            let result = run("demo_utz.lua", directory: "/")
            #expect(result.status == 1)
            #expect(result.stdout == "")
            #expect(result.stderr.contains("cannot open demo_utz.lua"))
            #expect(result.stderr.contains("did you mean 'demo_uts.lua'?"))
            let other = run("/nowhere/x.lua")
            #expect(other.status == 1)
            #expect(other.stderr.contains("cannot open /nowhere/x.lua: No such file or directory"))
            #expect(!other.stderr.contains("did you mean"))
            #expect(run("/").stderr.contains("Is a directory"))
        }

        @Test func aFileComesBeforeTheBundledScriptOfItsName() {
            let path = "\(Place.directory)/demo_uts.lua"
            Place.write(path, Array("print('mine', ...)".utf8))
            defer { Place.remove(path) }
            #expect(run("demo_uts.lua", "a", directory: Place.directory).stdout == "mine\ta\n")
            let bundled = run("demo_uts.lua", "--check", directory: "/", timeout: 60)
            #expect(bundled.status == 0)
            #expect(!bundled.stdout.contains("mine"))
        }

        @Test func theEnvironmentGivesAFirstChunkAndPaths() {
            let module = "\(Place.directory)/from_path.lua"
            Place.write(module, Array("return 'found'".utf8))
            defer { Place.remove(module) }
            let environment: [String: String?] = [
                "LUA_INIT": "x = (x or 0) + 1", "LUA_PATH": "\(Place.directory)/?.lua;;", "LUA_CPATH": "/c/?.so;;",
            ]
            #expect(run("-e", "print(x)", environment: environment).stdout == "1\n")
            #expect(run("-e", "print(require 'from_path')", environment: environment).stdout.hasPrefix("found"))
            #expect(run("-e", "print(package.cpath)", environment: environment).stdout.hasPrefix("/c/?.so;"))
            #expect(run("-E", "-e", "print(x)", environment: environment).stdout == "nil\n")
            #expect(run("-E", "-e", "print(pcall(require, 'from_path'))", environment: environment).stdout.hasPrefix("false"))
            #expect(run("-e", "print(x)", environment: ["LUA_INIT": "@\(module)x"]).status == 1)
            let both: [String: String?] = ["LUA_INIT": "x = 1", "LUA_INIT_5_4": "x = 54"]
            #expect(run("-e", "print(x)", environment: both).stdout == "54\n")
            let wrong = run("-e", "print(1)", environment: ["LUA_INIT": "error('bad init', 0)"])
            #expect(wrong.status == 1)
            #expect(wrong.stdout == "")
            #expect(wrong.stderr.contains("bad init"))
        }

        @Test func theArticlesSpellingWorksWhereverCodeComesFrom() {
            let chunk = "local p <close> = ns.clone<user=true, uts=true>\nprint(ns.same(p, 'self', 'uts'))"
            #expect(run("-e", chunk).stdout == "false\n")
            #expect(run(stdin: .data(Array(chunk.utf8))).stdout == "false\n")
            let path = "\(Place.directory)/angle.lua"
            Place.write(path, Array(chunk.utf8))
            defer { Place.remove(path) }
            #expect(run(path).stdout == "false\n")
            // Where it still is no Lua, the first error is shown.
            #expect(run("-e", "x = = ns.clone<uts=true>").stderr.contains("unexpected symbol near '='"))
        }
    }
}
