// What the integration tests need of the C library and Swift's Glibc module does not have.
#pragma once

/// posix_spawn(3): a session of its own, no signals blocked or ignored, and no descriptor but the three standard ones:
/// `streams`, -1 meaning /dev/null, or all three the terminal `terminal`, which becomes the controlling one.
///
/// Returns the pid, or minus an error number.
int harness_spawn(char *const argv[], char *const envp[], const int streams[3], const char *terminal, const char *directory);

/// A new pseudo-terminal, our side; the name of the other goes to `name`. pty(7). -1 and errno on failure.
int harness_open_terminal(char *name, unsigned long size);
