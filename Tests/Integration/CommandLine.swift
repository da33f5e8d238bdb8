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
    }
}
