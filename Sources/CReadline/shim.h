// GNU readline for Swift. Its variables are C globals, which Swift 6 refuses as shared mutable state: setters instead.
#pragma once
#include <stdio.h> // first: readline.h uses FILE without including it
#include <readline/readline.h>
#include <readline/history.h>

// Set once, before the first line is read. The name must live for ever.
static inline void nssh_rl_set_name(const char *name) { rl_readline_name = name; }
static inline void nssh_rl_set_catch_signals(int on) { rl_catch_signals = on; }
// inputrc(5) may say otherwise.
static inline void nssh_rl_set_query_items(int count) { rl_completion_query_items = count; }

// Entries of several lines are written with a time stamp before each, by which they are read back whole.
static inline void nssh_history_keep_lines(void) { history_write_timestamps = 1, history_comment_char = '#'; }
static inline int nssh_history_length(void) { return history_length; }
static inline int nssh_history_base(void) { return history_base; }

// Completion: where the cursor is, and what was asked for ('?' lists). What it inserts is whole: readline adds nothing, sorts
// nothing away, and never falls back on file names.
static inline const char *nssh_rl_line(void) { return rl_line_buffer; }
static inline int nssh_rl_point(void) { return rl_point; }
static inline int nssh_rl_end(void) { return rl_end; }
static inline void nssh_rl_set_redisplay(rl_voidfunc_t *redisplay) { rl_redisplay_function = redisplay; }
static inline int nssh_rl_completion_type(void) { return rl_completion_type; }
static inline rl_completion_func_t *nssh_rl_completion_of(rl_completion_func_t *set) {
    static rl_completion_func_t *function;
    if (set) function = set;
    return function;
}
static inline char **nssh_rl_complete(const char *text, int start, int end) {
    rl_attempted_completion_over = 1;
    rl_completion_append_character = 0;
    return nssh_rl_completion_of(NULL)(text, start, end);
}
static inline void nssh_rl_set_completion(rl_completion_func_t *complete, rl_compdisp_func_t *list) {
    nssh_rl_completion_of(complete);
    rl_attempted_completion_function = nssh_rl_complete;
    rl_completion_display_matches_hook = list;
    rl_basic_quote_characters = ""; // no closing quotes of readline's own
}
