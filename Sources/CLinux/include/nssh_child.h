// The child's side of a launch: a list of steps, made by Swift before the clone, that C carries out in the new
// process, where no Swift may run (the memory may be shared with nssh). A failing step is named by its position.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "nssh_trace.h"

enum nssh_op {
    /// read(2) one byte from descriptor `a`, a pipe whose other end is `b`: the parent's word to go on.
    NSSH_OP_AWAIT,
    /// write(2) the byte at descriptor `a`.
    NSSH_OP_SIGNAL,
    /// setns(2): descriptor `a`, type mask `b`.
    NSSH_OP_SETNS,
    /// setns(2) into the namespace at path `text` under directory descriptor `a`, type `b`.
    NSSH_OP_SETNS_AT,
    /// unshare(2): flags `a`.
    NSSH_OP_UNSHARE,
    /// openat(2) `text` under directory descriptor `a`, then one write(2) of `data`.
    NSSH_OP_WRITE,
    /// mount(2): source `text`, target `text2`, file system `text3`, flags `a`, options `data`.
    NSSH_OP_MOUNT,
    NSSH_OP_SETHOSTNAME,
    NSSH_OP_SETDOMAINNAME,
    /// SIOCSIFFLAGS IFF_UP on the link `text`.
    NSSH_OP_LINK_UP,
    NSSH_OP_SETSID,
    NSSH_OP_SETPGID,
    /// tcsetpgrp(3) of the own group on terminal `a`.
    NSSH_OP_FOREGROUND,
    /// TIOCSCTTY: terminal `a` is the session's own.
    NSSH_OP_CONTROLLING_TERMINAL,
    /// dup2(2) `a` to `b`; when they are the same, close-on-exec is cleared.
    NSSH_OP_DUP,
    /// close_range(2): everything from `a` is closed at exec; `b` is a descriptor of /proc.
    NSSH_OP_CLOEXEC_FROM,
    /// setgroups(2): `b` ids at `data`.
    NSSH_OP_SETGROUPS,
    NSSH_OP_SETRESGID,
    NSSH_OP_SETRESUID,
    /// setresgid(2) and setresuid(2) to 0 of the user namespace that was joined, whose maps are read below descriptor `b`, a /proc: both,
    /// or EINVAL with a note of what is not mapped; or, with `a`, neither.
    NSSH_OP_BECOME_ROOT,
    /// Fails with EPERM unless all user ids are `a`, all group ids `b` (-1: whatever), and, with `size`, there are no supplementary groups.
    NSSH_OP_CHECK_IDS,
    /// chdir(2) to `text`; `a` says what is done where that is not below the root (enum nssh_below).
    NSSH_OP_CHDIR,
    /// fchdir(2) to descriptor `a`; `b` as `a` of NSSH_OP_CHDIR.
    NSSH_OP_FCHDIR,
    /// fchdir(2) to descriptor `a`, then chroot(2) to "."; `b` as `a` of NSSH_OP_CHDIR.
    NSSH_OP_CHROOT,
    /// Notes the inode numbers of the mnt and user namespaces that the process is in, below descriptor `a`, a /proc: a program may leave them.
    NSSH_OP_NOTE_BIRTH,
    /// umask(2) `a`.
    NSSH_OP_UMASK,
    /// KEYCTL_JOIN_SESSION_KEYRING of keyctl(2): a new one. Where that call is forbidden, it is to the child, too.
    NSSH_OP_NEW_KEYRING,
    /// PR_CAPBSET_DROP of each capability that is not in the mask `a`.
    NSSH_OP_BOUND,
    /// capset(2): permitted and effective are cut to the mask `a`, inheritable to `b`; ambient ones are cleared.
    NSSH_OP_CAPSET,
    NSSH_OP_NO_NEW_PRIVS,
    /// prlimit(2) of resource `a` to the struct rlimit at `data`.
    NSSH_OP_RLIMIT,
    /// write(2) of `data` to descriptor `a`.
    NSSH_OP_WRITE_DESCRIPTOR,
    /// PR_SET_PDEATHSIG SIGKILL, then poll(2) of the parent's pidfd `a`, since it may have died before.
    NSSH_OP_DIE_WITH_PARENT,
    /// PR_SET_DUMPABLE `a`.
    NSSH_OP_DUMPABLE,
    /// signal(2): signal `a` ignored (`b` is 1) or default.
    NSSH_OP_SIGNAL_ACTION,
    /// The signal mask is what it was in the parent before the launch.
    NSSH_OP_UNBLOCK,
    /// execve(2) of the paths in `list`, the first that is there, with `arguments` and `environment`.
    NSSH_OP_EXEC,
    /// execveat(2) of descriptor `a` with `arguments` and `environment` (NULL: none).
    NSSH_OP_EXEC_DESCRIPTOR,
    /// Here PID 1 makes another process, which carries out the rest of the steps; it goes on itself with the keeper's.
    NSSH_OP_SPLIT,
};

struct nssh_step {
    enum nssh_op op;
    long a, b;
    const char *text, *text2, *text3;
    const void *data;
    size_t size;
    char *const *list, *const *arguments, *const *environment;
    /// The call's name and the call, for the trace; NULL while none is kept.
    const char *call, *shown;
};

/// What is done about a directory that is not below the root, so that `..` would lead out of it.
enum nssh_below {
    /// Nobody asks.
    NSSH_ANYWHERE,
    /// `/` is taken in its place, and a note.
    NSSH_BELOW_OR_ROOT,
    /// EXDEV.
    NSSH_BELOW
};

/// What the steps note of what they did.
enum nssh_note {
    /// The root to be taken on is not below that of the mnt namespace.
    NSSH_NOTE_ROOT = 1,
    /// The working directory is not below the root.
    NSSH_NOTE_DIRECTORY = 2,
    /// 0 is not in the uid_map.
    NSSH_NOTE_UID = 4,
    /// 0 is not in the gid_map.
    NSSH_NOTE_GID = 8
};

/// Where notes are kept: nssh_status, in a launch. `births` has room for two numbers, or is NULL.
void nssh_note_in(volatile int *notes, volatile unsigned long long *births);

/// The lists of steps that a launch can have.
enum nssh_list { NSSH_LIST_STEPS, NSSH_LIST_OUTER, NSSH_LIST_KEEPER };

/// Lives in memory that every form of child shares with nssh.
struct nssh_status {
    /// The errno of the step that failed, 0 for none; its position; the list that it is in (enum nssh_list).
    volatile int error, step, list;
    /// Filled by the kernel.
    volatile int pidfd, pid;
    /// Of the steps (enum nssh_note).
    volatile int notes;
    /// The mnt and the user namespace that the program began in (NSSH_OP_NOTE_BIRTH); 0 where that was not noted.
    volatile unsigned long long births[2];
};

struct nssh_launch {
    /// CLONE_NEW* and CLONE_CLEAR_SIGHAND for the child.
    unsigned long long flags;
    /// A directory of a cgroup2 that the first of the new processes is born in; -1: nssh's own.
    int cgroup;
    const struct nssh_step *steps;
    int count;
    /// Steps of an intermediate process that makes the child and ends (joining a pid namespace); none: NULL.
    const struct nssh_step *outer;
    int outer_count;
    /// What PID 1 does when it has made the program at step `split`: it becomes an init, its last step. None: NULL.
    const struct nssh_step *keeper;
    int keeper_count, split;
    /// The intermediate has its own copy of the memory (joining a time namespace needs that).
    bool outer_copies;
    /// The child shares the memory (it will exec); else it is a copy and returns from nssh_launch.
    bool shares;
    /// nssh stands still until the child execs or ends. Only with `shares`.
    bool suspends;
    /// The clone3(2) as the trace shows it.
    const char *shown;
    /// That of the intermediate.
    const char *outer_shown;
};

/// Room for the results of a launch, shared with children: NULL with errno when there is none.
struct nssh_status *nssh_status_new(void);

/// Makes the child. Returns its pid, 0 in a child that does not share the memory, or -1 with errno when the clone itself
/// failed; whether a step failed is in `status`. Signals must be blocked.
pid_t nssh_launch(const struct nssh_launch *launch, struct nssh_status *status, const void *signal_mask);

/// Carries out steps in this process, as `maker` of their calls: -1, or the position of the step that failed, with errno.
int nssh_run_steps(const struct nssh_step *steps, int count, const void *signal_mask, enum nssh_maker maker);

/// Calls `visit` with each open descriptor from `first` up, as /proc, `proc`, lists them; what it closes is closed. -1 with errno where they
/// cannot be listed.
int nssh_each_descriptor(int first, int proc, void (*visit)(int descriptor));

/// A sealed memfd with the smallest program that waits for ever, or -1 with errno. Close-on-exec.
int nssh_held_image(void);

/// A sealed memfd with an init: it reaps, forwards signals, and passes the end of the process in its second argument on, also as a
/// wait status (int, wait(2)) to descriptor 0. -1 with errno. Close-on-exec.
int nssh_init_image(void);

/// A sealed memfd with a program that executes another: its first argument is the number of an open descriptor that gets the errno (int) if
/// that fails, or a text that standard error gets; then the paths to be tried, an empty one, and the program's arguments; the environment
/// is the program's. -1 with errno. Close-on-exec.
int nssh_gate_image(void);

/// A detached, empty, read-only mount to use as a root directory that leads nowhere: its descriptor, or -1 with errno.
int nssh_empty_root(void);
