// Carrying out steps in a child: see nssh_child.h. Only system calls, no allocation, nothing that takes a lock.
#include "nssh_child.h"
#include "nssh_sys.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc's set*id wrappers signal other threads; a child has none.
static int set_uid(long id) { return (int)syscall(SYS_setresuid, id, id, id); }
static int set_gid(long id) { return (int)syscall(SYS_setresgid, id, id, id); }

/// Waits for the parent's byte, or its end: the child's own copy of the pipe's other end would hide that.
static int await(int descriptor, int other_end) {
    close(other_end);
    char byte;
    ssize_t count;
    do count = read(descriptor, &byte, 1);
    while (count < 0 && errno == EINTR);
    if (count == 0) errno = ECANCELED;
    return count == 1 ? 1 : -1;
}

static int write_file(const struct nssh_step *step) {
    int file = openat((int)step->a, step->text, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t count = write(file, step->data, step->size);
    int error = count < 0 ? errno : (size_t)count != step->size ? EIO : 0;
    close(file);
    errno = error;
    return error ? -1 : (int)count;
}

static int link_up(const char *name) {
    int control = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0) return -1;
    int result = nssh_link_flags(control, name, 1, IFF_UP, 0);
    int error = errno;
    close(control);
    errno = error;
    return result;
}

static int setns_at(const struct nssh_step *step) {
    int file = openat((int)step->a, step->text, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    int result = setns(file, (int)step->b);
    int error = errno;
    close(file);
    errno = error;
    return result;
}

static int foreground(int terminal) {
    sigset_t old, block;
    sigemptyset(&block);
    sigaddset(&block, SIGTTOU);
    sigprocmask(SIG_BLOCK, &block, &old);
    int result = tcsetpgrp(terminal, getpgrp());
    int error = errno;
    sigprocmask(SIG_SETMASK, &old, NULL);
    errno = error;
    return result;
}

int nssh_each_descriptor(int first, int proc, void (*visit)(int descriptor)) {
    int directory = openat(proc, "self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return -1;
    _Alignas(struct dirent64) char entries[1024];
    long count;
    while ((count = syscall(SYS_getdents64, directory, entries, sizeof entries)) > 0) {
        for (long at = 0; at < count; at += ((struct dirent64 *)(entries + at))->d_reclen) {
            int number = 0;
            const char *digit = ((struct dirent64 *)(entries + at))->d_name;
            while (*digit >= '0' && *digit <= '9') number = number * 10 + *digit++ - '0';
            if (*digit == 0 && number >= first && number != directory) visit(number);
        }
    }
    close(directory);
    return count < 0 ? -1 : 0;
}

static void cloexec(int descriptor) { fcntl(descriptor, F_SETFD, FD_CLOEXEC); }

/// Everything from `first` up is closed at exec. Kernels before 5.11 have close_range(2) without that flag: there each is
/// marked by itself. (To close them at once would take what is to be executed, and the pipe that tells of the exec.)
static int cloexec_from(int first, int proc) {
    if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return 0;
    if (errno != EINVAL) return -1;
    if (nssh_each_descriptor(first, proc, cloexec) == 0) return 0;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    for (rlim_t number = (rlim_t)first; number < limit.rlim_max && number < 1 << 20; number++) cloexec((int)number);
    return 0;
}

static volatile int *notes;
static volatile unsigned long long *births;
void nssh_note_in(volatile int *page, volatile unsigned long long *numbers) {
    notes = page;
    births = numbers;
}

static int note_birth(int proc) {
    static const char *const links[] = {"self/ns/mnt", "self/ns/user"};
    for (int i = 0; births && i < 2; i++) {
        struct stat info;
        if (fstatat(proc, links[i], &info, 0) < 0) return -1;
        births[i] = info.st_ino;
    }
    return 0;
}

static void note(enum nssh_note what) {
    if (notes) *notes |= what;
}

/// Whether 0 is in a map of the calling process's user namespace (user_namespaces(7)), whose lines are `inside outside count`: one of its
/// ranges begins there. -1 where it cannot be read.
static int maps_zero(int proc, const char *file) {
    int map = openat(proc, file, O_RDONLY | O_CLOEXEC);
    if (map < 0) return -1;
    char text[512];
    int field = 0;
    bool in_number = false, is_zero = false, found = false;
    ssize_t count;
    while ((count = read(map, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < count; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                is_zero = (!in_number || is_zero) && text[i] == '0';
                in_number = true;
                continue;
            }
            if (in_number && ++field == 1 && is_zero) found = true;
            in_number = false;
            if (text[i] == '\n') field = 0;
        }
    }
    int error = errno;
    close(map);
    errno = error;
    return count < 0 ? -1 : found;
}

static int become_root(bool may_keep, int proc) {
    int uid = maps_zero(proc, "self/uid_map"), gid = uid < 0 ? -1 : maps_zero(proc, "self/gid_map");
    if (uid < 0 || gid < 0) return -1;
    if (uid && gid) return set_gid(0) < 0 ? -1 : set_uid(0);
    if (may_keep) return 0;
    if (!uid) note(NSSH_NOTE_UID);
    if (!gid) note(NSSH_NOTE_GID);
    errno = EINVAL;
    return -1;
}

static int check_ids(long uid, long gid, bool no_groups) {
    uid_t uids[3];
    gid_t gids[3];
    if (syscall(SYS_getresuid, uids, uids + 1, uids + 2) < 0 || syscall(SYS_getresgid, gids, gids + 1, gids + 2) < 0) return -1;
    bool same = true;
    for (int i = 0; i < 3; i++) same = same && (uid == -1 || uids[i] == (uid_t)uid) && (gid == -1 || gids[i] == (gid_t)gid);
    long groups = no_groups ? syscall(SYS_getgroups, 0, NULL) : 0;
    if (groups < 0) return -1;
    if (same && groups == 0) return 0;
    errno = EPERM;
    return -1;
}

/// Whether the working directory is below the root: what the kernel calls "(unreachable)" is not, and `..` leads on from there.
static bool is_below(void) {
    char path[4096];
    long size = syscall(SYS_getcwd, path, sizeof path);
    // A longer path is reachable: one that is not has an answer at any length.
    return size > 0 ? path[0] == '/' : errno == ERANGE || errno == ENAMETOOLONG;
}

/// What follows a change of directory.
static int stay_below(enum nssh_below how, enum nssh_note what) {
    if (how == NSSH_ANYWHERE || is_below()) return 0;
    if (how == NSSH_BELOW) {
        errno = EXDEV;
        return -1;
    }
    note(what);
    return chdir("/");
}

static int change_root(int directory, enum nssh_below how) {
    if (fchdir(directory) < 0 || stay_below(how, NSSH_NOTE_ROOT) < 0) return -1;
    return chroot(".");
}

static int new_keyring(void) {
    // A filter that forbids the call forbids it to the child, too, for which the old keyring is out of reach then.
    long result = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0);
    if (result >= 0) return (int)result;
    return errno == ENOSYS || errno == EPERM || errno == EACCES ? 0 : -1;
}

/// Takes all but `kept` out of the bounding set.
static int bound(unsigned long long kept) {
    for (int number = 0; number < 64; number++) {
        if (kept & 1ULL << number) continue;
        int has = prctl(PR_CAPBSET_READ, number, 0, 0, 0);
        if (has < 0) break;
        if (has && prctl(PR_CAPBSET_DROP, number, 0, 0, 0) < 0) return -1;
    }
    return 0;
}

static int cut_capabilities(unsigned long long permitted, unsigned long long inheritable) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    for (int i = 0; i < 2; i++) {
        data[i].permitted &= (unsigned)(permitted >> 32 * i);
        data[i].effective &= (unsigned)(permitted >> 32 * i);
        data[i].inheritable &= (unsigned)(inheritable >> 32 * i);
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -1;
    return (int)syscall(SYS_capset, &header, data);
}

static int die_with_parent(int parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return -1;
    struct pollfd poll_parent = {parent, POLLIN, 0};
    int ended = poll(&poll_parent, 1, 0);
    if (ended > 0) _exit(127);
    return ended;
}

static int signal_action(int signal, bool ignored) {
    struct sigaction action = {.sa_handler = ignored ? SIG_IGN : SIG_DFL};
    return sigaction(signal, &action, NULL);
}

/// As execvp(3), without its fall-back to sh: the first candidate that can be executed. EACCES is kept if none is better,
/// and a lone candidate's error is the error.
static int exec_first(const struct nssh_step *step) {
    int error = ENOENT;
    for (char *const *path = step->list; *path; path++) {
        execve(*path, step->arguments, step->environment);
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) return -1;
        if (errno == EACCES || !step->list[1]) error = errno;
    }
    errno = error;
    return -1;
}

/// What the call returns: -1 is a failure.
static int run(const struct nssh_step *step, const void *signal_mask) {
    switch (step->op) {
    case NSSH_OP_AWAIT: return await((int)step->a, (int)step->b);
    case NSSH_OP_SIGNAL: return (int)write((int)step->a, "", 1);
    case NSSH_OP_SETNS: return setns((int)step->a, (int)step->b);
    case NSSH_OP_SETNS_AT: return setns_at(step);
    case NSSH_OP_UNSHARE: return unshare((int)step->a);
    case NSSH_OP_WRITE: return write_file(step);
    case NSSH_OP_MOUNT: return mount(step->text, step->text2, step->text3, (unsigned long)step->a, step->data);
    case NSSH_OP_SETHOSTNAME: return sethostname(step->data, step->size);
    case NSSH_OP_SETDOMAINNAME: return setdomainname(step->data, step->size);
    case NSSH_OP_LINK_UP: return link_up(step->text);
    case NSSH_OP_SETSID: return setsid();
    case NSSH_OP_SETPGID: return setpgid(0, 0);
    case NSSH_OP_CONTROLLING_TERMINAL: return ioctl((int)step->a, TIOCSCTTY, 0);
    case NSSH_OP_FOREGROUND: return foreground((int)step->a);
    case NSSH_OP_DUP:
        if (step->a == step->b) return fcntl((int)step->a, F_SETFD, 0);
        return dup2((int)step->a, (int)step->b);
    case NSSH_OP_CLOEXEC_FROM: return cloexec_from((int)step->a, (int)step->b);
    case NSSH_OP_SETGROUPS: return (int)syscall(SYS_setgroups, step->b, step->data);
    case NSSH_OP_SETRESGID: return set_gid(step->a);
    case NSSH_OP_SETRESUID: return set_uid(step->a);
    case NSSH_OP_BECOME_ROOT: return become_root(step->a, (int)step->b);
    case NSSH_OP_CHECK_IDS: return check_ids(step->a, step->b, step->size);
    case NSSH_OP_CHDIR: return chdir(step->text) < 0 ? -1 : stay_below((enum nssh_below)step->a, NSSH_NOTE_DIRECTORY);
    case NSSH_OP_FCHDIR: return fchdir((int)step->a) < 0 ? -1 : stay_below((enum nssh_below)step->b, NSSH_NOTE_DIRECTORY);
    case NSSH_OP_CHROOT: return change_root((int)step->a, (enum nssh_below)step->b);
    case NSSH_OP_NOTE_BIRTH: return note_birth((int)step->a);
    case NSSH_OP_UMASK: return (int)umask((mode_t)step->a);
    case NSSH_OP_NEW_KEYRING: return new_keyring();
    case NSSH_OP_BOUND: return bound((unsigned long long)step->a);
    case NSSH_OP_CAPSET: return cut_capabilities((unsigned long long)step->a, (unsigned long long)step->b);
    case NSSH_OP_NO_NEW_PRIVS: return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    case NSSH_OP_RLIMIT: return (int)syscall(SYS_prlimit64, 0, step->a, step->data, NULL);
    case NSSH_OP_WRITE_DESCRIPTOR: return write((int)step->a, step->data, step->size) < 0 ? -1 : 0;
    case NSSH_OP_DIE_WITH_PARENT: return die_with_parent((int)step->a);
    case NSSH_OP_DUMPABLE: return prctl(PR_SET_DUMPABLE, step->a);
    case NSSH_OP_SIGNAL_ACTION: return signal_action((int)step->a, step->b);
    case NSSH_OP_UNBLOCK: return sigprocmask(SIG_SETMASK, signal_mask, NULL);
    case NSSH_OP_EXEC: return exec_first(step);
    case NSSH_OP_EXEC_DESCRIPTOR: {
        char *const empty[] = {NULL};
        return (int)syscall(SYS_execveat, step->a, "", step->arguments ? step->arguments : empty,
                            step->environment ? step->environment : empty, AT_EMPTY_PATH);
    }
    case NSSH_OP_SPLIT: break;  // launch.c does it
    }
    errno = ENOSYS;
    return -1;
}

int nssh_run_steps(const struct nssh_step *steps, int count, const void *signal_mask, enum nssh_maker maker) {
    for (int i = 0; i < count; i++) {
        int traced = steps[i].shown ? nssh_trace_begin(maker, steps[i].call, steps[i].shown) : -1;
        int result = run(&steps[i], signal_mask);
        nssh_trace_end(traced, result, result < 0 ? errno : 0);
        if (result < 0) return i;
    }
    return -1;
}
