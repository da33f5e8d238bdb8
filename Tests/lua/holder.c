// Holds a namespace by one thing only: what test_holders.lua asks nssh about.
//
// usage: holder NAME. It goes into a new namespace (which: see `holders`), writes "in" and waits for a line, so that nssh can note the
// namespace. Then it sees to it that only NAME is left of it, goes back, writes "held" ("refused" where the kernel does not let it), and
// waits until it is killed or its input ends.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

// What newer kernels or headers bring, by the same numbers on every processor.
#ifndef SYS_fsopen
#define SYS_fsopen 430
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static void check(int ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "holder: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static void say(const char *word) { check(write(1, word, strlen(word)) >= 0, "write"); }

static void wait_for_line(void) {
    char byte = 0;
    while (read(0, &byte, 1) == 1 && byte != '\n') {}
}

static void wait_for_end(void) {
    char byte;
    while (read(0, &byte, 1) == 1) {}
}

static int open_or_die(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC);
    check(fd >= 0, path);
    return fd;
}

// The namespace that the holder lives in otherwise.
static int old = -1;

static void enter(int flag, const char *link) {
    old = open_or_die(link, O_RDONLY);
    check(unshare(flag) == 0, "unshare");
    say("in\n");
    wait_for_line();
}

static void leave(int flag) {
    check(setns(old, flag) == 0, "setns");
    close(old);
}

static void enter_net(void) { enter(CLONE_NEWNET, "/proc/self/ns/net"); }
static void leave_net(void) { leave(CLONE_NEWNET); }
static void enter_ipc(void) { enter(CLONE_NEWIPC, "/proc/self/ns/ipc"); }
static void leave_ipc(void) { leave(CLONE_NEWIPC); }
static void enter_uts(void) { enter(CLONE_NEWUTS, "/proc/self/ns/uts"); }
static void leave_uts(void) { leave(CLONE_NEWUTS); }

// A thread, in a namespace of its own.
static void *thread(void *unused) {
    (void)unused;
    check(unshare(CLONE_NEWUTS) == 0, "unshare");
    say("in\n");
    wait_for_line();
    say("held\n");
    wait_for_end();
    return 0;
}

static void hold_thread(void) {
    pthread_t id;
    check(pthread_create(&id, 0, thread, 0) == 0, "pthread_create");
    pthread_join(id, 0);
    exit(0);
}

// A thread with descriptors of its own, one of which is left.
static void *thread_with_descriptor(void *unused) {
    (void)unused;
    check(unshare(CLONE_FILES) == 0, "unshare");
    enter(CLONE_NEWUTS, "/proc/thread-self/ns/uts");
    open_or_die("/proc/thread-self/ns/uts", O_RDONLY);
    leave_uts();
    say("held\n");
    wait_for_end();
    exit(0);
}

static void hold_thread_descriptor(void) {
    pthread_t id;
    check(pthread_create(&id, 0, thread_with_descriptor, 0) == 0, "pthread_create");
    pthread_join(id, 0);
}

// The first thread has ended, the process goes on.
static void hold_later_thread(void) {
    pthread_t id;
    check(pthread_create(&id, 0, thread_with_descriptor, 0) == 0, "pthread_create");
    pthread_exit(0);
}

static void hold_time_for_children(void) {
    check(unshare(CLONE_NEWTIME) == 0, "unshare");
    say("in\n");
    wait_for_line();
}

static void hold_descriptor(void) {
    enter_uts();
    open_or_die("/proc/self/ns/uts", O_RDONLY);
    leave_uts();
}

static void hold_path_descriptor(void) {
    enter_uts();
    open_or_die("/proc/self/ns/uts", O_PATH);
    leave_uts();
}

// The link of /proc itself, not what it leads to.
static void hold_link(void) {
    enter_uts();
    open_or_die("/proc/self/ns/uts", O_PATH | O_NOFOLLOW);
    leave_uts();
}

static void hold_socket(void) {
    enter_net();
    check(socket(AF_UNIX, SOCK_STREAM, 0) >= 0, "socket");
    leave_net();
}

static void hold_tun(void) {
    enter_net();
    open_or_die("/dev/net/tun", O_RDWR);
    leave_net();
}

// Sends a descriptor, or receives one if it is -1.
static void pass(int socket, int fd) {
    char byte = 'x';
    struct iovec part = {&byte, 1};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (fd < 0) {
        check(recvmsg(socket, &message, 0) == 1, "recvmsg");
        return;
    }
    *CMSG_FIRSTHDR(&message) = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &fd, sizeof fd);
    check(sendmsg(socket, &message, 0) == 1, "sendmsg");
}

static void hold_in_flight(void) {
    int pair[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    enter_uts();
    int fd = open_or_die("/proc/self/ns/uts", O_RDONLY);
    pass(pair[0], fd);
    close(fd);
    leave_uts();
}

// The same in a socket that itself waits in another.
static void hold_in_flight_in_flight(void) {
    int inner[2], outer[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, inner) == 0, "socketpair");
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, outer) == 0, "socketpair");
    enter_uts();
    int fd = open_or_die("/proc/self/ns/uts", O_RDONLY);
    pass(inner[0], fd);
    close(fd);
    leave_uts();
    pass(outer[0], inner[1]);
    close(inner[1]);
}

// A listening unix socket, and one that is connected to it, which nobody has accepted.
static void hold_in_backlog(void) {
    int listening = socket(AF_UNIX, SOCK_STREAM, 0), connected = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof(sa_family_t);
    // The kernel finds a name.
    check(bind(listening, (struct sockaddr *)&address, size) == 0, "bind");
    check(listen(listening, 1) == 0, "listen");
    size = sizeof address;
    check(getsockname(listening, (struct sockaddr *)&address, &size) == 0, "getsockname");
    check(connect(connected, (struct sockaddr *)&address, size) == 0, "connect");
    enter_uts();
    int fd = open_or_die("/proc/self/ns/uts", O_RDONLY);
    pass(connected, fd);
    close(fd);
    leave_uts();
}

static void hold_io_uring(void) {
    struct io_uring_params params = {0};
    int ring = syscall(SYS_io_uring_setup, 1, &params);
    check(ring >= 0, "io_uring_setup");
    enter_uts();
    int fd = open_or_die("/proc/self/ns/uts", O_RDONLY);
    check(syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1) == 0, "IORING_REGISTER_FILES");
    close(fd);
    leave_uts();
}

static void hold_proc_net(void) {
    enter_net();
    open_or_die("/proc/thread-self/net/dev", O_RDONLY);
    leave_net();
}

static void hold_proc_net_directory(void) {
    enter_net();
    open_or_die("/proc/thread-self/net", O_RDONLY | O_DIRECTORY);
    leave_net();
}

static void hold_mountinfo(void) {
    int root = open_or_die("/", O_RDONLY | O_DIRECTORY);
    enter(CLONE_NEWNS, "/proc/self/ns/mnt");
    open_or_die("/proc/thread-self/mountinfo", O_RDONLY);
    leave(CLONE_NEWNS);
    check(fchdir(root) == 0, "fchdir");
    close(root);
}

static void hold_fs_context(void) {
    enter_net();
    check(syscall(SYS_fsopen, "sysfs", 1) >= 0, "fsopen");
    leave_net();
}

static void hold_shared_memory(void) {
    enter_ipc();
    int id = shmget(IPC_PRIVATE, 4096, 0600);
    check(id >= 0, "shmget");
    check(shmat(id, 0, 0) != (void *)-1, "shmat");
    leave_ipc();
}

// A child that has been reaped was PID 1 of a new pid namespace.
static void hold_pidfd(void) {
    old = open_or_die("/proc/self/ns/pid", O_RDONLY);
    check(unshare(CLONE_NEWPID) == 0, "unshare");
    pid_t child = fork();
    if (child == 0) {
        say("in\n");
        wait_for_line();
        _exit(0);
    }
    check(syscall(SYS_pidfd_open, child, 0) >= 0, "pidfd_open");
    check(waitpid(child, 0, 0) == child, "waitpid");
    check(setns(old, CLONE_NEWPID) == 0, "setns");
    close(old);
}

static void hold_sysvipc(void) {
    enter_ipc();
    open_or_die("/proc/sysvipc/shm", O_RDONLY);
    leave_ipc();
}

static void hold_cgroup_file(void) {
    enter(CLONE_NEWCGROUP, "/proc/self/ns/cgroup");
    const char *v2 = "/sys/fs/cgroup/cgroup.procs", *hybrid = "/sys/fs/cgroup/unified/cgroup.procs";
    open_or_die(access(v2, R_OK) == 0 ? v2 : hybrid, O_RDONLY);
    leave(CLONE_NEWCGROUP);
}

// A file of a child that was in namespaces of its own.
static void open_file_of_child(int flags, const char *name, void (*prepare)(void)) {
    pid_t child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        if (prepare) prepare();
        say("in\n");
        pause();
    }
    wait_for_line();
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", child, name);
    open_or_die(path, O_RDONLY);
    kill(child, SIGKILL);
    check(waitpid(child, 0, 0) == child, "waitpid");
}

static void hold_file_of_ended(void) { open_file_of_child(CLONE_NEWPID, "status", 0); }
static void hold_uid_map(void) { open_file_of_child(CLONE_NEWUSER, "uid_map", 0); }

static void mount_tmpfs(void) { check(mount("holder", "/tmp", "tmpfs", 0, 0) == 0, "mount"); }
static void hold_file_system(void) { open_file_of_child(CLONE_NEWUSER | CLONE_NEWNS, "root/tmp", mount_tmpfs); }

// A unix socket that a child has connected, from a user and a pid namespace of its own.
static void hold_peer(void) {
    int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof(sa_family_t);
    check(bind(listening, (struct sockaddr *)&address, size) == 0, "bind");
    check(listen(listening, 1) == 0, "listen");
    size = sizeof address;
    check(getsockname(listening, (struct sockaddr *)&address, &size) == 0, "getsockname");
    pid_t child = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        check(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, size) == 0, "connect");
        say("in\n");
        pause();
    }
    check(accept(listening, 0, 0) >= 0, "accept");
    close(listening);
    wait_for_line();
    kill(child, SIGKILL);
    check(waitpid(child, 0, 0) == child, "waitpid");
}

// A TCP connection whose processes are gone and whose data nobody gets: it is given up after a second.
static void hold_connection(void) {
    enter_net();
    int listening = socket(AF_INET, SOCK_STREAM, 0), connected = socket(AF_INET, SOCK_STREAM, 0), second = 1000;
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    check(ioctl(listening, SIOCSIFFLAGS, &loopback) == 0, "SIOCSIFFLAGS");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    check(bind(listening, (struct sockaddr *)&address, size) == 0, "bind");
    check(listen(listening, 1) == 0, "listen");
    check(getsockname(listening, (struct sockaddr *)&address, &size) == 0, "getsockname");
    check(connect(connected, (struct sockaddr *)&address, size) == 0, "connect");
    check(setsockopt(connected, IPPROTO_TCP, TCP_USER_TIMEOUT, &second, sizeof second) == 0, "TCP_USER_TIMEOUT");
    loopback.ifr_flags = 0;
    check(ioctl(listening, SIOCSIFFLAGS, &loopback) == 0, "SIOCSIFFLAGS");
    check(write(connected, "x", 1) == 1, "write");
    close(connected);
    close(listening);
    leave_net();
}

// A file that a child has opened in a user namespace of its own. The file itself is nobody's.
static void hold_credentials(void) {
    int pair[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "socketpair");
    pid_t child = fork();
    if (child == 0) {
        check(unshare(CLONE_NEWUSER) == 0, "unshare");
        say("in\n");
        wait_for_line();
        pass(pair[0], open_or_die("/dev/null", O_RDONLY));
        _exit(0);
    }
    pass(pair[1], -1);
    check(waitpid(child, 0, 0) == child, "waitpid");
    close(pair[0]);
    close(pair[1]);
}

// What follows holds nothing, measured on Linux 6.18.

static void hold_queue(void) {
    enter_ipc();
    check(syscall(SYS_mq_open, "holder", O_CREAT | O_RDWR, 0600, 0) >= 0, "mq_open");
    leave_ipc();
}

static void mount_detached(const char *type) {
    int context = syscall(SYS_fsopen, type, 1);
    check(context >= 0, "fsopen");
    check(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0) == 0, "FSCONFIG_CMD_CREATE");
    if (syscall(SYS_fsmount, context, 1, 0) < 0) {
        // In a user namespace a sysfs may show no more than those that are there: none, in a container whose /sys is read-only.
        check(errno == EPERM, "fsmount");
        say("refused\n");
        wait_for_end();
        _exit(0);
    }
    close(context);
}

static void hold_sysfs(void) {
    enter_net();
    mount_detached("sysfs");
    leave_net();
}

static void hold_mqueue(void) {
    enter_ipc();
    mount_detached("mqueue");
    leave_ipc();
}

static void hold_cgroup2(void) {
    enter(CLONE_NEWCGROUP, "/proc/self/ns/cgroup");
    mount_detached("cgroup2");
    leave(CLONE_NEWCGROUP);
}

static void hold_key(void) {
    enter_net();
    check(syscall(SYS_add_key, "user", "holder", "x", 1, KEY_SPEC_PROCESS_KEYRING) >= 0, "add_key");
    leave_net();
}

static const struct {
    const char *name;
    void (*hold)(void);
} holders[] = {
    {"thread", hold_thread},
    {"thread_descriptor", hold_thread_descriptor},
    {"later_thread", hold_later_thread},
    {"time_for_children", hold_time_for_children},
    {"descriptor", hold_descriptor},
    {"path_descriptor", hold_path_descriptor},
    {"socket", hold_socket},
    {"tun", hold_tun},
    {"in_flight", hold_in_flight},
    {"in_flight_in_flight", hold_in_flight_in_flight},
    {"in_backlog", hold_in_backlog},
    {"io_uring", hold_io_uring},
    {"proc_net", hold_proc_net},
    {"mountinfo", hold_mountinfo},
    {"fs_context", hold_fs_context},
    {"shared_memory", hold_shared_memory},
    {"pidfd", hold_pidfd},
    {"sysvipc", hold_sysvipc},
    {"cgroup_file", hold_cgroup_file},
    {"file_of_ended", hold_file_of_ended},
    {"uid_map", hold_uid_map},
    {"file_system", hold_file_system},
    {"peer", hold_peer},
    {"connection", hold_connection},
    {"credentials", hold_credentials},
    {"link", hold_link},
    {"proc_net_directory", hold_proc_net_directory},
    {"queue", hold_queue},
    {"sysfs", hold_sysfs},
    {"mqueue", hold_mqueue},
    {"cgroup2", hold_cgroup2},
    {"key", hold_key},
};

int main(int count, char **arguments) {
    for (unsigned i = 0; count == 2 && i < sizeof holders / sizeof *holders; i++) {
        if (strcmp(holders[i].name, arguments[1])) continue;
        holders[i].hold();
        say("held\n");
        wait_for_end();
        return 0;
    }
    fprintf(stderr, "usage: holder NAME\n");
    return 2;
}
