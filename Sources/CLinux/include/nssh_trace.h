// What was really called: a list of kernel calls in memory that nssh shares with the children it makes, so that each adds its own.
// Nothing is kept while nobody asks (nssh_tracing).
#pragma once
#include <stdbool.h>

/// Who makes a call.
enum nssh_maker { NSSH_MAKER_NSSH, NSSH_MAKER_INTERMEDIATE, NSSH_MAKER_CHILD, NSSH_MAKER_INIT, NSSH_MAKER_FUNCTION };

struct nssh_call {
    enum nssh_maker maker;
    /// Whether it has returned; an exec that succeeds does not, and is marked by nssh when it knows.
    volatile bool done;
    /// The errno, 0 for none.
    int error;
    /// What it returned.
    long result;
    /// CLOCK_REALTIME, which no namespace changes, in nanoseconds: when it began, and how long it took.
    long long start, duration;
    char call[24], text[200];
};

/// Starts keeping calls; the index of the first, or -1 with errno when there is no memory. Traces nest.
int nssh_trace_start(void);
/// Ends what was started last.
void nssh_trace_stop(void);
/// Whether calls are kept.
bool nssh_tracing(void);
/// How many were kept since the outermost start, and how many found no room.
int nssh_trace_count(int *lost);
const struct nssh_call *nssh_trace_at(int index);
/// In a copy of nssh: its own calls are those of a function.
void nssh_trace_as_function(void);
/// nssh itself: NSSH_MAKER_NSSH or NSSH_MAKER_FUNCTION.
enum nssh_maker nssh_trace_self(void);
/// Adds a call that begins now; -1 when none is kept. Truncates a long text.
int nssh_trace_begin(enum nssh_maker maker, const char *call, const char *text);
/// The call of this index has returned. errno is as it was.
void nssh_trace_end(int index, long result, int error);
/// The exec of a child that has made it: calls that have begun from `first` on and not returned.
void nssh_trace_end_execs(int first);
