// See nssh_trace.h. No allocation, no lock: children that share nssh's memory, and copies of it, add calls.
#include "nssh_trace.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { ROOM = 8192 };

static struct list {
    /// One more at each outermost start: a copy of nssh from an earlier trace adds nothing to this one.
    volatile int count, generation;
    struct nssh_call calls[ROOM];
} *list;
static int depth, generation;
static enum nssh_maker self = NSSH_MAKER_NSSH;

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static bool is_current(void) { return depth > 0 && list->generation == generation; }

int nssh_trace_start(void) {
    // A copy that traces within an earlier trace of nssh's has a list of its own.
    if (!list || (depth > 0 && !is_current())) {
        void *memory = mmap(NULL, sizeof *list, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) return -1;
        list = memory;
        list->generation = generation;
    }
    if (depth++ == 0) {
        generation = ++list->generation;
        list->count = 0;
    }
    return list->count;
}
void nssh_trace_stop(void) { depth--; }

bool nssh_tracing(void) { return is_current(); }
int nssh_trace_count(int *lost) {
    int count = list ? list->count : 0;
    *lost = count > ROOM ? count - ROOM : 0;
    return count > ROOM ? ROOM : count;
}
const struct nssh_call *nssh_trace_at(int index) { return &list->calls[index]; }
void nssh_trace_as_function(void) {
    self = NSSH_MAKER_FUNCTION;
    if (depth > 0 || !list) return;
    munmap(list, sizeof *list); // nssh's: two that trace would write over each other
    list = NULL;
}
enum nssh_maker nssh_trace_self(void) { return self; }

static void copy(char *to, const char *from, size_t size) {
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    to[length] = 0;
}

int nssh_trace_begin(enum nssh_maker maker, const char *call, const char *text) {
    if (!is_current()) return -1;
    int index = __atomic_fetch_add(&list->count, 1, __ATOMIC_RELAXED);
    if (index >= ROOM) return -1;
    struct nssh_call *entry = &list->calls[index];
    *entry = (struct nssh_call){.maker = maker};
    copy(entry->call, call, sizeof entry->call);
    copy(entry->text, text, sizeof entry->text);
    entry->start = now();
    return index;
}

void nssh_trace_end(int index, long result, int error) {
    if (index < 0 || !is_current()) return;
    struct nssh_call *entry = &list->calls[index];
    entry->duration = now() - entry->start;
    entry->result = result;
    entry->error = error;
    entry->done = true;
    errno = error;
}

void nssh_trace_end_execs(int first) {
    int lost;
    for (int index = first < 0 ? ROOM : first; index < nssh_trace_count(&lost); index++) {
        struct nssh_call *entry = &list->calls[index];
        if (!entry->done && strncmp(entry->call, "exec", 4) == 0) nssh_trace_end(index, 0, 0);
    }
}
