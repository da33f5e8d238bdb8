import CReadline
import Glibc
import Linux

/// Lines from the terminal by GNU readline, through its callback interface: nssh waits itself, so that ^C is an event and
/// not a longjmp.
enum LineReader {
    /// What came of reading a line.
    enum Event {
        case line(String)
        /// A line that is not UTF-8, and so no text.
        case noText
        /// ^C: the line was cleared.
        case interrupted
        /// ^D, or the terminal is gone.
        case end
    }

    nonisolated(unsafe) private static var finished: Event?

    nonisolated(unsafe) private static var isPrepared = false

    /// Prepares readline, once; `$if nssh` in inputrc(5) works.
    static func prepare() {
        if isPrepared { return }
        isPrepared = true
        nssh_rl_set_name(strdup("nssh")) // readline keeps the pointer
        nssh_rl_set_catch_signals(0)
        nssh_rl_set_query_items(0)
        using_history()
        checkSettings()
        // Its settings, the locale and the terminal's description are read now, wherever nssh is by the first prompt.
        rl_initialize()
        guardFiles()
    }

    /// The keys that read inputrc(5) again, or ask the name service for ~USER, do nothing in a place of somebody else's.
    private static func guardFiles() {
        guardKeys(of: rl_re_read_init_file) { count, key in
            if Foreign.isHere { return rl_ding() }
            defer { LineReader.guardFiles() }
            return rl_re_read_init_file(count, key)
        }
        guardKeys(of: rl_tilde_expand) { count, key in Foreign.isHere ? rl_ding() : rl_tilde_expand(count, key) }
        guardKeys(of: rl_vi_tilde_expand) { count, key in Foreign.isHere ? rl_ding() : rl_vi_tilde_expand(count, key) }
    }

    private typealias Function = @convention(c) (Int32, Int32) -> Int32

    /// The keys that call `function` call `guarded`.
    private static func guardKeys(of function: Function, by guarded: Function) {
        for name in ["emacs-standard", "vi-insert", "vi-command"] {
            let map = rl_get_keymap_by_name(name)
            guard let keys = rl_invoking_keyseqs_in_map(function, map) else { continue }
            var position = 0
            while let key = keys[position] {
                rl_bind_keyseq_in_map(key, guarded, map)
                free(key)
                position += 1
            }
            free(keys)
        }
    }

    /// readline waits for a FIFO in the place of its inputrc(5), and takes that of another user, who may have a key type what he likes.
    private static func checkSettings() {
        let home = environmentValue("HOME") ?? ""
        let set = environmentValue("INPUTRC")
        let named = set.flatMap { $0.isEmpty ? nil : $0 } ?? "~/.inputrc"
        let path = named.hasPrefix("~/") ? home + named.dropFirst() : named
        guard let info = try? System.stat(Array(path.utf8)), let link = try? System.stat(Array(path.utf8), followingLinks: false),
            let refusal = Startup.foreign(link) ?? Startup.refusal(info)
        else { return }
        // /dev/null, for none at all.
        if System.isNullDevice(info) { return }
        StandardStreams.writeError("nssh: \(path) \(refusal); it is not read\n")
        setenv("INPUTRC", "/dev/null", 1)
        rl_initialize()
        if let set { setenv("INPUTRC", set, 1) } else { unsetenv("INPUTRC") }
    }

    /// Reads a line. `isStopped` is asked when a signal has come.
    static func read(_ prompt: String, isStopped: () -> Bool) -> Event {
        finished = nil
        rl_callback_handler_install(prompt) { text in
            rl_callback_handler_remove()
            Hint.clear()
            guard let text else {
                LineReader.finished = .end
                return
            }
            LineReader.finished = String(validatingCString: text).map { .line($0) } ?? .noText
            free(text)
        }
        defer { rl_callback_handler_remove() }
        while finished == nil {
            var events = [pollfd(fd: 0, events: Int16(POLLIN), revents: 0)]
            do throws(Failure) { _ = try waitForEvents(&events) } catch {
                if error.code == Failure.interrupted.code, isStopped() {
                    clear()
                    return .interrupted
                }
                return .end
            }
            if events[0].revents & Int16(POLLIN) == 0 { return .end }
            rl_callback_read_char()
        }
        return finished!
    }

    /// Leaves the line as it is on the screen, and forgets it.
    private static func clear() {
        // Out of a search, and behind the last line of the input: the next prompt would be drawn over what stands below the cursor.
        rl_callback_sigcleanup()
        rl_end_of_line(1, 0)
        rl_redisplay()
        write(2, "^C\r\n")
        Hint.clear()
        // readline draws the line that is given up once more.
        Hint.isPaused = true
        defer { Hint.isPaused = false }
        rl_free_line_state()
        rl_replace_line("", 0)
    }

    /// Writes at once to where readline draws.
    static func writeTerminal(_ text: String) {
        StandardStreams.flush()
        write(1, text)
    }

    private static func write(_ descriptor: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
