// as-kernel VERSION PROGRAM [ARGUMENT…]: runs a program as if the kernel were older. A seccomp filter answers what that version
// would answer to system calls, flags and ioctl requests that came later: ENOSYS, EINVAL, ENOTTY. What hides behind a pointer (the
// flags of clone3) is looked up by a supervisor, by seccomp's user notification. The release in uname(2) stays: nothing may go by it.
//
// What this cannot show: behaviour that changed without a new call or flag, and options of fsconfig(2).
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define VERSION(major, minor) ((major)*1000 + (minor))
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#if defined __x86_64__
enum { ARCH = AUDIT_ARCH_X86_64 };
#else
enum { ARCH = AUDIT_ARCH_AARCH64 };
#endif

// The last system call of each version; the numbers are the same on all processors.
static const struct {
    int version, last;
} last_call[] = {{VERSION(5, 10), 440}, {VERSION(6, 1), 450}, {VERSION(6, 8), 461}, {VERSION(6, 12), 462}, {VERSION(6, 18), 469}};

// A call of which some argument (its low 32 bits) has a value, or has one of the bits: since when it is known, and the answer before.
enum how { IS, HAS };
static const struct rule {
    int since, call, argument;
    enum how how;
    uint32_t value;
    int answer;
} rules[] = {
    {VERSION(5, 11), SYS_close_range, 2, HAS, 4, EINVAL},                   // CLOSE_RANGE_CLOEXEC
    {VERSION(5, 14), SYS_getsockopt, 2, IS, 71, ENOPROTOOPT},               // SO_NETNS_COOKIE
    {VERSION(6, 3), SYS_memfd_create, 1, HAS, 0x18, EINVAL},                // MFD_NOEXEC_SEAL, MFD_EXEC
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IO(0xff, 1), ENOTTY},               // PIDFD_GET_CGROUP_NAMESPACE …
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IO(0xff, 2), ENOTTY},
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IO(0xff, 3), ENOTTY},
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IO(0xff, 4), ENOTTY},
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IO(0xff, 5), ENOTTY},
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IO(0xff, 6), ENOTTY},
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IO(0xff, 7), ENOTTY},
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IO(0xff, 8), ENOTTY},
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IO(0xff, 9), ENOTTY},
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IO(0xff, 10), ENOTTY},              // … PIDFD_GET_UTS_NAMESPACE
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IOR(0xb7, 5, uint64_t), ENOTTY},    // NS_GET_MNTNS_ID
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IOR(0xb7, 6, int), ENOTTY},         // NS_GET_PID_FROM_PIDNS …
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IOR(0xb7, 7, int), ENOTTY},
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IOR(0xb7, 8, int), ENOTTY},
    {VERSION(6, 11), SYS_ioctl, 1, IS, _IOR(0xb7, 9, int), ENOTTY},
    {VERSION(6, 12), SYS_ioctl, 1, IS, _IOR(0xb7, 10, char[16]), ENOTTY},   // NS_MNT_GET_INFO, _NEXT, _PREV
    {VERSION(6, 12), SYS_ioctl, 1, IS, _IOR(0xb7, 11, char[16]), ENOTTY},
    {VERSION(6, 12), SYS_ioctl, 1, IS, _IOR(0xb7, 12, char[16]), ENOTTY},
    {VERSION(6, 18), SYS_ioctl, 1, IS, _IOR(0xb7, 13, uint64_t), ENOTTY},   // NS_GET_ID
    {VERSION(6, 18), SYS_name_to_handle_at, 4, HAS, 0x1000, EOPNOTSUPP},    // AT_EMPTY_PATH: of a namespace
    {VERSION(6, 18), SYS_open_by_handle_at, 0, IS, (uint32_t)-10003, EBADF},  // FD_NSFS_ROOT
};

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "as-kernel: %s: %s\n", what, strerror(errno));
    exit(125);
}

// ---- the filter -------------------------------------------------------------------------------------------------

static struct sock_filter program[512];
static unsigned short length;

static void add(struct sock_filter instruction) { program[length++] = instruction; }
static void load(size_t offset) { add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset)); }
static void answer(uint32_t value) { add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, value)); }
/// Goes on if the comparison holds, and over `skip` instructions if it does not.
static void unless(int comparison, uint32_t value, uint8_t skip) {
    add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | (uint16_t)comparison, value, 0, skip));
}

static int build(int version) {
    enum { NUMBER = offsetof(struct seccomp_data, nr), ARGUMENTS = offsetof(struct seccomp_data, args) };
    int last = 0;
    for (size_t i = 0; i < sizeof last_call / sizeof *last_call; i++)
        if (last_call[i].version == version) last = last_call[i].last;
    if (!last) return -1;
    load(offsetof(struct seccomp_data, arch));
    unless(BPF_JEQ, ARCH, 1);
    add((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 1));
    answer(SECCOMP_RET_ALLOW);
    load(NUMBER);
    unless(BPF_JGT, (uint32_t)last, 1);
    answer(SECCOMP_RET_ERRNO | ENOSYS);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *rule = &rules[i];
        if (version >= rule->since) continue;
        load(NUMBER);
        unless(BPF_JEQ, (uint32_t)rule->call, 3);
        load(ARGUMENTS + sizeof(uint64_t) * (size_t)rule->argument);
        unless(rule->how == IS ? BPF_JEQ : BPF_JSET, rule->value, 1);
        answer(SECCOMP_RET_ERRNO | (uint32_t)rule->answer);
    }
    if (version < VERSION(6, 3)) {
        load(NUMBER);
        unless(BPF_JEQ, SYS_clone3, 1);
        answer(SECCOMP_RET_USER_NOTIF);
        unless(BPF_JEQ, SYS_clone, 3);
        load(ARGUMENTS);
        unless(BPF_JSET, CLONE_VM, 1);
        answer(SECCOMP_RET_USER_NOTIF);
    }
    answer(SECCOMP_RET_ALLOW);
    return 0;
}

// ---- the supervisor ---------------------------------------------------------------------------------------------

/// Whether children of a process are born in another time namespace than its own.
static int has_pending_time(pid_t pid) {
    char path[64], own[64] = "", next[64] = "";
    snprintf(path, sizeof path, "/proc/%d/ns/time", pid);
    if (readlink(path, own, sizeof own - 1) < 0) return 0;
    snprintf(path, sizeof path, "/proc/%d/ns/time_for_children", pid);
    return readlink(path, next, sizeof next - 1) > 0 && strcmp(own, next) != 0;
}

/// The errno of a kernel before 6.3: no CLONE_NEWTIME in clone3, no shared memory with another time namespace. 0: it goes on.
static int judge(const struct seccomp_notif *request) {
    uint64_t flags = request->data.args[0];
    if (request->data.nr == SYS_clone3) {
        struct iovec here = {&flags, sizeof flags}, there = {(void *)(uintptr_t)request->data.args[0], sizeof flags};
        // One that cannot be read (undumpable, as an ordinary user) goes on.
        if (process_vm_readv((pid_t)request->pid, &here, 1, &there, 1, 0) != sizeof flags) return 0;
        if (flags & CLONE_NEWTIME) return EINVAL;
    }
    return flags & CLONE_VM && has_pending_time((pid_t)request->pid) ? EINVAL : 0;
}

static _Noreturn void supervise(int listener) {
    for (;;) {
        struct pollfd event = {listener, POLLIN, 0};
        if (poll(&event, 1, -1) < 0 && errno == EINTR) continue;
        if (!(event.revents & POLLIN)) _exit(0);  // the last process under the filter has ended
        struct seccomp_notif request = {0};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0) continue;
        int error = judge(&request);
        struct seccomp_notif_resp response = {
            .id = request.id, .error = -error, .flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
    }
}

static void send_descriptor(int socket, int descriptor) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec part = {"", 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0) fail("sendmsg");
}

static int receive_descriptor(int socket) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) <= 0 || !CMSG_FIRSTHDR(&message)) _exit(125);
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
    return descriptor;
}

/// Starts the supervisor, which is no child of the program: it is let go of twice. Returns the socket that takes the listener.
static int start_supervisor(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) fail("socketpair");
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) {
        close(ends[1]);
        setsid();
        if (fork() != 0) _exit(0);
        int null = open("/dev/null", O_RDWR);
        for (int i = 0; i < 3; i++) dup2(null, i);
        if (null > 2) close(null);
        supervise(receive_descriptor(ends[0]));
    }
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return ends[1];
}

int main(int count, char **arguments) {
    int major, minor, end = 0;
    if (count < 3 || sscanf(arguments[1], "%d.%d%n", &major, &minor, &end) != 2 || arguments[1][end] != 0 ||
        build(VERSION(major, minor)) < 0) {
        fprintf(stderr, "usage: as-kernel 5.10|6.1|6.8|6.12|6.18 PROGRAM [ARGUMENT…]\n");
        return 125;
    }
    int listens = VERSION(major, minor) < VERSION(6, 3);
    int supervisor = listens ? start_supervisor() : -1;
    struct sock_fprog filter = {length, program};
    unsigned flags = listens ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
    if (listener < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
    if (listener < 0) fail("seccomp");
    if (listens) {
        send_descriptor(supervisor, (int)listener);
        close((int)listener);
        close(supervisor);
    }
    execvp(arguments[2], arguments + 2);
    fail(arguments[2]);
}
