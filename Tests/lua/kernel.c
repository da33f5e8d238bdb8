// What this kernel knows, asked without nssh: prints what it asked for, one a line, each with yes or no. For tests whose
// expectation depends on it: by ns.features, whose names these are, they would agree with a mistake of nssh.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Newer than the headers of the oldest system that nssh is built on.
#ifndef SYS_statmount
#define SYS_statmount 457
#endif
#define NS_MNT_GET_INFO _IOR(0xb7, 10, char[16])
#define NS_GET_ID _IOR(0xb7, 13, uint64_t)
#define NS_MNT_GET_NEXT _IOR(0xb7, 11, char[16])
#define PIDFD_GET_UTS_NAMESPACE _IO(0xff, 10)

static void tell(const char *name, int known) { printf("%s %s\n", name, known ? "yes" : "no"); }

static int takes_handles(void) {
    struct {
        struct file_handle handle;
        char bytes[128];
    } room = {.handle.handle_bytes = sizeof room.bytes};
    int mount, file = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    return name_to_handle_at(file, "", &room.handle, &mount, AT_EMPTY_PATH) == 0;
}

// A size of nothing is EINVAL, a request that is not there ENOTTY.
static int walks_mounts(void) {
    char info[16] = {0};
    int file = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    return ioctl(file, NS_MNT_GET_INFO, info) == 0 || errno != ENOTTY;
}

// Over all that there are: a kernel may refuse that outside the first pid namespace.
static int walks_over_all(void) {
    char info[16] = {[0] = sizeof info};
    int file = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    while (file >= 0) file = ioctl(file, NS_MNT_GET_NEXT, info);
    return errno == ENOENT;
}

static int has_ids(void) {
    uint64_t id;
    int file = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    return ioctl(file, NS_GET_ID, &id) == 0;
}

static int knows_namespaces_of_pidfd(void) {
    int file = (int)syscall(SYS_pidfd_open, getpid(), 0);
    return ioctl(file, PIDFD_GET_UTS_NAMESPACE, 0) >= 0;
}

static int clones_time(void) {
    struct clone_args arguments = {.flags = CLONE_NEWUSER | CLONE_NEWTIME, .exit_signal = SIGCHLD};
    long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid == 0) _exit(0);
    return pid > 0 && waitpid((pid_t)pid, NULL, 0) == pid;
}

int main(void) {
    tell("clone3_time", clones_time());
    tell("ns_id", has_ids());
    tell("ns_handles", takes_handles());
    tell("mntns_walk", walks_mounts());
    tell("mntns_walk_all", walks_over_all());
    tell("pidfd_namespaces", knows_namespaces_of_pidfd());
    tell("pidfd_thread", syscall(SYS_pidfd_open, getpid(), O_EXCL) >= 0);  // PIDFD_THREAD
    tell("statmount", syscall(SYS_statmount, NULL, NULL, 0, 0) < 0 && errno != ENOSYS);
}
