// GNU readline for Swift. Its variables are C globals, which Swift 6 refuses as shared mutable state: setters instead.
#pragma once
#include <stdio.h> // first: readline.h uses FILE without including it
#include <readline/readline.h>
#include <readline/history.h>

// Set once, before the first line is read. The name must live for ever.
static inline void nssh_rl_set_name(const char *name) { rl_readline_name = name; }
static inline void nssh_rl_set_catch_signals(int on) { rl_catch_signals = on; }

// Entries of several lines are written with a time stamp before each, by which they are read back whole.
static inline void nssh_history_keep_lines(void) { history_write_timestamps = 1, history_comment_char = '#'; }
static inline int nssh_history_length(void) { return history_length; }
static inline int nssh_history_base(void) { return history_base; }
