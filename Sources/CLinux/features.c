// See nssh_features.h. Where a call changes something, it is made with an argument that the kernel refuses after it has
// seen that it knows the call: EBADF, EFAULT or EPERM in place of ENOSYS, EINVAL or ENOTTY.
#include "nssh_features.h"
#include "nssh_sys.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Newer than the headers of the oldest system that nssh is built on.
#ifndef SYS_statmount
#define SYS_statmount 457
#define SYS_listmount 458
#endif
#ifndef SYS_listns
#define SYS_listns 470
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif

struct mnt_ns_info_0 {
    uint32_t size, mounts;
    uint64_t id;
};
// ioctl_nsfs(2), and PIDFD_GET_UTS_NAMESPACE of ioctl_pidfd(2).
#define GET_MNTNS_ID _IOR(0xb7, 0x5, uint64_t)
#define GET_PID_FROM_PIDNS _IOR(0xb7, 0x6, int)
#define MNT_GET_INFO _IOR(0xb7, 10, struct mnt_ns_info_0)
#define GET_ID _IOR(0xb7, 13, uint64_t)
#define PIDFD_GET_UTS _IO(0xff, 10)

/// Whether a call that had to fail was known: anything but the errno of a call or request that is not there.
static int known(long result, int missing) { return result >= 0 || errno != missing ? 1 : -1; }

static int closing(int descriptor, int result) {
    int error = errno;
    if (descriptor >= 0) close(descriptor);
    errno = error;
    return result;
}

static int pidfd(void) { return nssh_pidfd_open(getpid()); }

/// A child that ends at once, made with these arguments.
static int clone_child(struct clone_args *args) {
    int descriptor = -1;
    args->flags |= CLONE_PIDFD;
    args->pidfd = (uintptr_t)&descriptor;
    long pid = syscall(SYS_clone3, args, sizeof *args);
    if (pid == 0) _exit(0);
    if (pid < 0) return -1;
    while (waitpid((pid_t)pid, NULL, __WALL) < 0 && errno == EINTR) {}
    close(descriptor);
    return 1;
}

/// Runs `body` in a copy of this process; what it returns is an errno, 0 for none.
static int in_copy(int (*body)(void)) {
    pid_t pid = fork();
    if (pid < 0) return -1;
    if (pid == 0) _exit(body() & 0xff);
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 1;
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
    return -1;
}

/// As root, or in a user namespace of its own.
static int unshare_time(void) {
    if (unshare(CLONE_NEWTIME) == 0) return 0;
    if (errno == EPERM && unshare(CLONE_NEWUSER | CLONE_NEWTIME) == 0) return 0;
    return errno;
}

static int end(void *unused) {
    (void)unused;
    _exit(0);
}

static int vfork_with_pending_time(void) {
    int error = unshare_time();
    if (error) return error;
    static char stack[16 * 1024] __attribute__((aligned(16)));
    int pid = clone(end, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    if (pid < 0) return errno;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    return 0;
}

static int clone_time(void) {
    struct clone_args args = {.flags = CLONE_NEWTIME};
    if (clone_child(&args) > 0) return 0;
    if (errno != EPERM) return errno;
    args = (struct clone_args){.flags = CLONE_NEWTIME | CLONE_NEWUSER};
    return clone_child(&args) > 0 ? 0 : errno;
}

static int set_tid(void) {
    // An id that is taken: EEXIST with the power to choose one, EPERM without.
    pid_t self = getpid();
    struct clone_args args = {.set_tid = (uintptr_t)&self, .set_tid_size = 1};
    return clone_child(&args) > 0 || errno == EEXIST || errno == EPERM ? 1 : -1;
}

static int on_namespace(int proc, const char *path, unsigned long request, void *argument) {
    int file = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    return closing(file, known(ioctl(file, request, argument), ENOTTY));
}

static int proc_pidns(void) {
    int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
    // Its parameters can be asked for only by who may mount: without, a child in a user namespace of its own is asked.
    if (context < 0) return -1;
    int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    long result = syscall(SYS_fsconfig, context, FSCONFIG_SET_FD, "pidns", NULL, own);
    int error = errno;
    if (own >= 0) close(own);
    close(context);
    errno = error;
    return result >= 0 || error == EPERM ? 1 : -1;
}

static int proc_pidns_apart(void) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) return errno;
    return proc_pidns() > 0 ? 0 : errno;
}

static int netns_cookie(void) {
    int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (file < 0) return -1;
    uint64_t cookie;
    socklen_t size = sizeof cookie;
    return closing(file, getsockopt(file, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0 ? 1 : -1);
}

static int memfd_exec(void) {
    int file = memfd_create("nssh-probe", MFD_CLOEXEC | MFD_EXEC);
    // Forbidden by vm.memfd_noexec, but known.
    return closing(file, file >= 0 || errno == EACCES ? 1 : -1);
}

int nssh_probe(enum nssh_feature feature, int proc) {
    switch (feature) {
    case NSSH_CLONE3: return clone_child(&(struct clone_args){0});
    case NSSH_CLONE3_SET_TID: return set_tid();
    case NSSH_CLONE3_CLEAR_SIGHAND: return clone_child(&(struct clone_args){.flags = CLONE_CLEAR_SIGHAND});
    case NSSH_CLONE3_INTO_CGROUP: {
        struct clone_args args = {.flags = CLONE_INTO_CGROUP, .cgroup = INT32_MAX};
        return clone_child(&args) > 0 || errno == EBADF ? 1 : -1;
    }
    case NSSH_CLONE3_TIME: return in_copy(clone_time);
    case NSSH_TIME_SHARED_MEMORY: return in_copy(vfork_with_pending_time);
    case NSSH_PIDFD_OPEN: {
        int file = pidfd();
        return closing(file, file >= 0 ? 1 : -1);
    }
    case NSSH_PIDFD_GETFD: return known(syscall(SYS_pidfd_getfd, -1, 0, 0), ENOSYS);
    case NSSH_PIDFD_SETNS: {
        // Its own uts namespace: nothing changes, and without privilege it is EPERM.
        int file = pidfd();
        if (file < 0) return -1;
        int result = setns(file, CLONE_NEWUTS);
        return closing(file, result == 0 || errno == EPERM ? 1 : -1);
    }
    case NSSH_PIDFD_NAMESPACES: {
        int file = pidfd();
        if (file < 0) return -1;
        int namespace = ioctl(file, PIDFD_GET_UTS, 0);
        int result = namespace >= 0 ? 1 : -1;
        return closing(file, closing(namespace, result));
    }
    case NSSH_CLOSE_RANGE: return known(syscall(SYS_close_range, 1, 0, 0), ENOSYS);
    case NSSH_CLOSE_RANGE_CLOEXEC: return syscall(SYS_close_range, ~0U, ~0U, 4) == 0 ? 1 : -1;
    case NSSH_OPENAT2: return known(syscall(SYS_openat2, -1, NULL, NULL, 0), ENOSYS);
    case NSSH_FSOPEN: return known(syscall(SYS_fsopen, NULL, FSOPEN_CLOEXEC), ENOSYS);
    case NSSH_MOUNT_SETATTR: return known(syscall(SYS_mount_setattr, -1, "", 0, NULL, 0), ENOSYS);
    case NSSH_STATMOUNT: return known(syscall(SYS_statmount, NULL, NULL, 0, 0), ENOSYS);
    case NSSH_MNTNS_ID: return on_namespace(proc, "self/ns/mnt", GET_MNTNS_ID, &(uint64_t){0});
    case NSSH_MNTNS_WALK: return on_namespace(proc, "self/ns/mnt", MNT_GET_INFO, &(struct mnt_ns_info_0){.size = 16});
    case NSSH_PID_TRANSLATION: return on_namespace(proc, "self/ns/pid", GET_PID_FROM_PIDNS, (void *)(intptr_t)getpid());
    case NSSH_NS_ID: return on_namespace(proc, "self/ns/uts", GET_ID, &(uint64_t){0});
    case NSSH_NS_HANDLES: {
        int file = openat(proc, "self/ns/uts", O_RDONLY | O_CLOEXEC);
        struct nssh_ns_handle handle;
        if (file < 0) return -1;
        return closing(file, nssh_ns_to_handle(file, &handle) == 0 ? 1 : -1);
    }
    case NSSH_LISTNS: return known(syscall(SYS_listns, NULL, NULL, 0, 0), ENOSYS);
    case NSSH_NETNS_COOKIE: return netns_cookie();
    case NSSH_PROC_PIDNS: {
        int result = proc_pidns();
        return result < 0 && errno == EPERM ? in_copy(proc_pidns_apart) : result;
    }
    case NSSH_MEMFD_EXEC: return memfd_exec();
    }
    errno = ENOSYS;
    return -1;
}

int nssh_probe_is_certain(int error) {
    switch (error) {
    case ENOSYS:
    case EINVAL:
    case ENOTTY:
    case E2BIG:
    case EOPNOTSUPP:
    case ENOPROTOOPT: return 1;
    default: return 0;
    }
}

static int write_small(int proc, const char *path, const char *text) {
    int file = openat(proc, path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t count = write(file, text, strlen(text));
    return closing(file, count < 0 ? -1 : 0);
}

static int try_user_namespace(int proc, uid_t uid, int *step) {
    *step = 1;
    if (uid != geteuid()) {
        if (syscall(SYS_setresgid, uid, uid, uid) < 0 || syscall(SYS_setresuid, uid, uid, uid) < 0) return errno;
        prctl(PR_SET_DUMPABLE, 1);  // else its /proc files are root's
    }
    *step = 2;
    if (unshare(CLONE_NEWUSER | CLONE_NEWUTS) < 0) return errno;
    *step = 3;
    if (write_small(proc, "self/setgroups", "deny") < 0) return errno;
    *step = 4;
    char map[32];
    snprintf(map, sizeof map, "0 %u 1\n", uid);
    if (write_small(proc, "self/uid_map", map) < 0) return errno;
    *step = 5;
    return sethostname("probe", 5) < 0 ? errno : 0;
}

int nssh_probe_user_namespaces(int proc, uid_t uid, int *step) {
    int ends[2];
    int result[2] = {0, 0};
    *step = 0;
    if (pipe2(ends, O_CLOEXEC) < 0) return errno;
    pid_t pid = fork();
    if (pid < 0) return closing(ends[0], closing(ends[1], errno));
    if (pid == 0) {
        result[0] = try_user_namespace(proc, uid, &result[1]);
        _exit(write(ends[1], result, sizeof result) < 0);
    }
    close(ends[1]);
    ssize_t count;
    do count = read(ends[0], result, sizeof result);
    while (count < 0 && errno == EINTR);
    close(ends[0]);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    *step = result[1];
    return count == sizeof result ? result[0] : ECHILD;
}
