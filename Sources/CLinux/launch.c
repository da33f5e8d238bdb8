// Making children: clone3(2) in the forms that Launch.swift chooses from.
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "nssh_child.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif

enum { STACK_SIZE = 64 * 1024 };

// A child that shares our memory needs a stack of its own, and C has no word for going on there.
#if defined __x86_64__
#define ON_NEW_STACK(result, args, function, argument)                                                                 \
    __asm__ volatile("syscall\n\ttestl %%eax, %%eax\n\tjnz 1f\n\txorl %%ebp, %%ebp\n\tmovq %[arg], %%rdi\n\tcall *%[fn]\n\thlt\n1:" \
                     : "=a"(result)                                                                                    \
                     : "a"((long)SYS_clone3), "D"(args), "S"(sizeof *args), [fn] "r"(function), [arg] "r"(argument)    \
                     : "rcx", "r11", "memory", "cc")
#elif defined __aarch64__
#define ON_NEW_STACK(result, args, function, argument)                                                                 \
    do {                                                                                                               \
        register long x8 __asm__("x8") = SYS_clone3;                                                                   \
        register long x0 __asm__("x0") = (long)(args);                                                                 \
        register long x1 __asm__("x1") = sizeof *(args);                                                               \
        __asm__ volatile("svc 0\n\tcbnz x0, 1f\n\tmov x29, xzr\n\tmov x0, %[arg]\n\tblr %[fn]\n\tbrk 1\n1:"            \
                         : "+r"(x0)                                                                                    \
                         : "r"(x8), "r"(x1), [fn] "r"(function), [arg] "r"(argument)                                   \
                         : "memory", "cc", "x30");                                                                     \
        result = x0;                                                                                                   \
    } while (0)
#else
#error "nssh needs x86-64 or arm64"
#endif

struct work {
    const struct nssh_launch *launch;
    struct nssh_status *status;
    const void *signal_mask;
    char *stacks;
};

/// Three stacks (child, intermediate, the program of an init), made at the first use and kept. A child that does not suspend nssh is past its last
/// step, or gone, before the next launch.
static char *stacks(void) {
    static char *memory;
    if (!memory) {
        void *new = mmap(NULL, 3 * STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (new == MAP_FAILED) return NULL;
        memory = new;
    }
    return memory;
}

struct nssh_status *nssh_status_new(void) {
    void *page = mmap(NULL, sizeof(struct nssh_status), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

static _Noreturn void fail(struct work *work, int step, enum nssh_list list) {
    work->status->step = step;
    work->status->list = list;
    work->status->error = errno;
    _exit(127);
}

/// Carries out the steps from `first` up to `end`, or ends the process.
static void run_steps(struct work *work, int first, int end, enum nssh_maker maker) {
    int failed = nssh_run_steps(work->launch->steps + first, end - first, work->signal_mask, maker);
    if (failed >= 0) fail(work, first + failed, NSSH_LIST_STEPS);
}

static _Noreturn void program(struct work *work) {
    run_steps(work, work->launch->split + 1, work->launch->count, NSSH_MAKER_CHILD);
    _exit(127);
}

/// The second argument of an init: there is room for ten digits (Plan).
static void write_pid(const struct nssh_step *step, long pid) {
    char *end = step->arguments[1] + 10;
    for (*end = 0; end > step->arguments[1]; pid /= 10) *--end = (char)('0' + pid % 10);
}

/// PID 1 makes the program and becomes an init; returns in a program that is a copy.
static void split(struct work *work) {
    const struct nssh_launch *launch = work->launch;
    struct clone_args args = {.exit_signal = SIGCHLD};
    const struct nssh_step *step = &launch->steps[launch->split];
    int traced = step->shown ? nssh_trace_begin(NSSH_MAKER_INIT, step->call, step->shown) : -1;
    long pid;
    if (launch->shares) {
        args.flags = CLONE_VM | CLONE_VFORK;
        args.stack = (uintptr_t)(work->stacks + 2 * STACK_SIZE);
        args.stack_size = STACK_SIZE;
        ON_NEW_STACK(pid, &args, program, work);
        if (pid < 0) errno = (int)-pid;
    } else {
        pid = syscall(SYS_clone3, &args, sizeof args);
    }
    if (pid == 0) return;
    nssh_trace_end(traced, pid, pid < 0 ? errno : 0);
    if (pid < 0) fail(work, launch->split, NSSH_LIST_STEPS);
    if (work->status->error) _exit(127);
    write_pid(&launch->keeper[launch->keeper_count - 1], pid);
    int failed = nssh_run_steps(launch->keeper, launch->keeper_count, work->signal_mask, NSSH_MAKER_INIT);
    fail(work, failed, NSSH_LIST_KEEPER);
}

/// All steps; returns in a child that is a copy.
static void run_child(struct work *work) {
    const struct nssh_launch *launch = work->launch;
    if (!launch->keeper) return run_steps(work, 0, launch->count, NSSH_MAKER_CHILD);
    run_steps(work, 0, launch->split, NSSH_MAKER_INIT);
    split(work);
    run_steps(work, launch->split + 1, launch->count, NSSH_MAKER_CHILD);
}

static _Noreturn void child(struct work *work) {
    run_child(work);
    _exit(127);
}

static void into_cgroup(const struct nssh_launch *launch, struct clone_args *args) {
    if (launch->cgroup < 0) return;
    args->flags |= CLONE_INTO_CGROUP;
    args->cgroup = (unsigned)launch->cgroup;
}

/// The clone of the child proper; returns 0 in a child with its own memory.
static long make_child(struct work *work, bool to_parent) {
    const struct nssh_launch *launch = work->launch;
    struct clone_args args = {
        .flags = launch->flags | CLONE_PIDFD | (to_parent ? CLONE_PARENT : 0),
        .pidfd = (uintptr_t)&work->status->pidfd,
        .exit_signal = to_parent ? 0 : SIGCHLD,  // with CLONE_PARENT it is the intermediate's
    };
    if (!to_parent) into_cgroup(launch, &args);
    int traced =
        launch->shown ? nssh_trace_begin(to_parent ? NSSH_MAKER_INTERMEDIATE : nssh_trace_self(), "clone3", launch->shown) : -1;
    long result;
    if (!launch->shares) {
        result = syscall(SYS_clone3, &args, sizeof args);
        if (result == 0) {
            run_child(work);
            return 0;
        }
    } else {
        args.flags |= CLONE_VM | CLONE_CLEAR_SIGHAND | (launch->suspends ? CLONE_VFORK : 0);
        args.stack = (uintptr_t)work->stacks;
        args.stack_size = STACK_SIZE;
        ON_NEW_STACK(result, &args, child, work);
        if (result < 0) {
            errno = (int)-result;
            result = -1;
        }
    }
    nssh_trace_end(traced, result, result < 0 ? errno : 0);
    if (result > 0) work->status->pid = (int)result;
    return result;
}

/// The intermediate: 0 in the child, when that has its own memory.
static int intermediate(struct work *work) {
    const struct nssh_launch *launch = work->launch;
    int failed = nssh_run_steps(launch->outer, launch->outer_count, work->signal_mask, NSSH_MAKER_INTERMEDIATE);
    if (failed >= 0) fail(work, failed, NSSH_LIST_OUTER);
    long pid = make_child(work, true);
    if (pid == 0) return 0;
    if (pid < 0) fail(work, launch->outer_count, NSSH_LIST_OUTER);
    _exit(0);
}

static _Noreturn void intermediate_sharing(struct work *work) {
    intermediate(work);
    _exit(0);
}

pid_t nssh_launch(const struct nssh_launch *launch, struct nssh_status *status, const void *signal_mask) {
    // Static, since a child that does not suspend nssh goes on using it when this function has returned.
    static struct nssh_launch copy;
    static struct work work;
    copy = *launch;
    work = (struct work){&copy, status, signal_mask, stacks()};
    *status = (struct nssh_status){.pidfd = -1};
    nssh_note_in(&status->notes, status->births);
    if (!work.stacks) return -1;
    if (!launch->outer) return (pid_t)make_child(&work, false);

    struct clone_args args = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
    into_cgroup(launch, &args);
    int traced = launch->outer_shown ? nssh_trace_begin(nssh_trace_self(), "clone3", launch->outer_shown) : -1;
    long pid;
    if (launch->shares && !launch->outer_copies) {
        args.flags |= CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND;
        args.stack = (uintptr_t)(work.stacks + STACK_SIZE);
        args.stack_size = STACK_SIZE;
        ON_NEW_STACK(pid, &args, intermediate_sharing, &work);
        if (pid < 0) errno = (int)-pid;
    } else {
        pid = syscall(SYS_clone3, &args, sizeof args);
        if (pid == 0) return intermediate(&work);
    }
    nssh_trace_end(traced, pid < 0 ? -1 : pid, pid < 0 ? errno : 0);
    if (pid < 0) return -1;
    while (waitpid((pid_t)pid, NULL, __WALL) < 0 && errno == EINTR) {}
    if (status->pid == 0 && status->error == 0) {  // it was killed before it got anywhere
        errno = ECHILD;
        return -1;
    }
    return status->pid ? status->pid : (errno = status->error, -1);
}
