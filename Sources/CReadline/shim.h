// GNU readline for Swift. Its variables are C globals, which Swift 6 refuses as shared mutable state: accessors instead.
#ifndef NSSH_CREADLINE_SHIM_H
#define NSSH_CREADLINE_SHIM_H

#include <stdio.h> // first: readline.h uses FILE without including it
#include <readline/readline.h>
#include <readline/history.h>

// Set once, before the first line is read. The name must live for ever.
static inline void nssh_rl_set_name(const char *name) { rl_readline_name = name; }
static inline void nssh_rl_set_catch_signals(int on) { rl_catch_signals = on; }
static inline void nssh_rl_set_catch_sigwinch(int on) { rl_catch_sigwinch = on; }
static inline void nssh_rl_set_streams(FILE *in, FILE *out) { rl_instream = in, rl_outstream = out; }

// The line as it is being edited. The buffer moves as it grows: ask again after every change.
static inline const char *nssh_rl_line_buffer(void) { return rl_line_buffer; }
static inline int nssh_rl_point(void) { return rl_point; }
static inline void nssh_rl_set_point(int point) { rl_point = point; }
static inline int nssh_rl_end(void) { return rl_end; }
static inline void nssh_rl_set_done(int done) { rl_done = done; }

// Completion. A function that has answered sets over, so that readline does not offer file names as well.
static inline void nssh_rl_set_completion(rl_completion_func_t *function) { rl_attempted_completion_function = function; }
static inline void nssh_rl_set_completion_over(int over) { rl_attempted_completion_over = over; }
static inline void nssh_rl_set_completion_append(int character) { rl_completion_append_character = character; }
static inline void nssh_rl_set_completer_word_breaks(const char *breaks) { rl_completer_word_break_characters = (char *)breaks; }

// Entries of several lines are written with a time stamp before each, by which they are read back whole.
static inline void nssh_history_keep_lines(void) { history_write_timestamps = 1, history_comment_char = '#'; }

// History: entries are history_base … history_base + history_length - 1.
static inline int nssh_history_length(void) { return history_length; }
static inline int nssh_history_base(void) { return history_base; }

#endif
