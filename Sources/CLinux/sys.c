// See nssh_sys.h.
#include "nssh_sys.h"
#include "nssh_output.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef NS_GET_ID
#define NS_GET_ID _IOR(0xb7, 13, unsigned long long)
#endif
#ifndef FD_NSFS_ROOT
#define FD_NSFS_ROOT -10003
#endif

int nssh_errno(void) { return errno; }
char **nssh_environ(void) {
    extern char **environ;
    return environ;
}
void nssh_set_environ(char **list) {
    extern char **environ;
    environ = list;
}
int nssh_setns(int descriptor, int types) { return setns(descriptor, types); }
int nssh_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int nssh_getrlimit(int resource, struct rlimit *limit) { return getrlimit(resource, limit); }
int nssh_pidfd_send_signal(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}
int nssh_wait_pidfd(int descriptor, siginfo_t *info, int options) {
    return (int)syscall(SYS_waitid, P_PIDFD, descriptor, info, options, NULL);
}
int nssh_siginfo_status(const siginfo_t *info) { return info->si_status; }
int nssh_siginfo_pid(const siginfo_t *info) { return info->si_pid; }
int nssh_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
int nssh_openat(int directory, const char *path, int flags, mode_t mode) {
    return openat(directory, path, flags, mode);
}
int nssh_fcntl(int descriptor, int command, long argument) { return fcntl(descriptor, command, argument); }
int nssh_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }
int nssh_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
int nssh_prctl(int option, unsigned long argument) { return prctl(option, argument, 0, 0, 0); }
int nssh_ns_ioctl(int descriptor, unsigned long request) {
    // A pidfd refuses an argument other than 0.
    int result = ioctl(descriptor, request, 0);
    if (result >= 0) fcntl(result, F_SETFD, FD_CLOEXEC);
    return result;
}
int nssh_ns_get_userns(int descriptor) { return nssh_ns_ioctl(descriptor, NS_GET_USERNS); }
int nssh_ns_get_parent(int descriptor) { return nssh_ns_ioctl(descriptor, NS_GET_PARENT); }
int nssh_ns_get_type(int descriptor) { return ioctl(descriptor, NS_GET_NSTYPE); }
int nssh_ns_get_owner_uid(int descriptor, uid_t *uid) { return ioctl(descriptor, NS_GET_OWNER_UID, uid); }
int nssh_ns_get_id(int descriptor, unsigned long long *id) { return ioctl(descriptor, NS_GET_ID, id); }
int nssh_ns_to_handle(int descriptor, struct nssh_ns_handle *handle) {
    int mount;
    handle->size = sizeof handle->bytes;
    return name_to_handle_at(descriptor, "", (struct file_handle *)handle, &mount, AT_EMPTY_PATH);
}
int nssh_ns_from_handle(const struct nssh_ns_handle *handle) {
    struct nssh_ns_handle copy = *handle;
    return open_by_handle_at(FD_NSFS_ROOT, (struct file_handle *)&copy, O_RDONLY | O_CLOEXEC);
}
int nssh_is_link_name(const char *name) {
    size_t length = strlen(name);
    return length > 0 && length < IFNAMSIZ && !strpbrk(name, "/: \t\n\v\f\r\xa0") && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}
static int request_of(const char *name, struct ifreq *request) {
    if (!nssh_is_link_name(name)) {
        errno = EINVAL;
        return -1;
    }
    *request = (struct ifreq){0};
    memcpy(request->ifr_name, name, strlen(name));
    return 0;
}
int nssh_link_flags(int control, const char *name, int set, short add, short remove) {
    struct ifreq request;
    if (request_of(name, &request) < 0) return -1;
    if (ioctl(control, SIOCGIFFLAGS, &request) < 0) return -1;
    if (!set) return request.ifr_flags & 0xffff;
    request.ifr_flags = (short)((request.ifr_flags | add) & ~remove);
    return ioctl(control, SIOCSIFFLAGS, &request);
}
int nssh_link_mtu(int control, const char *name) {
    struct ifreq request;
    if (request_of(name, &request) < 0) return -1;
    return ioctl(control, SIOCGIFMTU, &request) < 0 ? -1 : request.ifr_mtu;
}
void nssh_reset_signal(int signal) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(signal, &action, NULL);
}
dev_t nssh_null_device(void) { return makedev(1, 3); }
int nssh_is_nsfs(int descriptor) {
    struct statfs info;
    return fstatfs(descriptor, &info) < 0 ? -1 : info.f_type == 0x6e736673;
}
const char *nssh_errno_name(int error) { return strerrorname_np(error); }
const int nssh_o_path = O_PATH;
int nssh_link_hardware(const void *address, int *index, unsigned char bytes[24]) {
    const struct sockaddr_ll *link = address;
    *index = link->sll_ifindex;
    int count = link->sll_halen < 24 ? link->sll_halen : 24;
    memcpy(bytes, (const char *)address + offsetof(struct sockaddr_ll, sll_addr), (size_t)count);
    return count;
}
unsigned long long nssh_effective_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0) return 0;
    return (unsigned long long)data[1].effective << 32 | data[0].effective;
}
int nssh_ppoll(void *descriptors, unsigned long count, long long nanoseconds, const sigset_t *mask) {
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return ppoll(descriptors, count, nanoseconds < 0 ? NULL : &time, mask);
}
const char *nssh_uname(int number) {
    static struct utsname names;
    if (uname(&names) < 0) return NULL;
    const char *const fields[] = {names.sysname, names.nodename, names.release, names.version, names.machine, names.domainname};
    return fields[number];
}
int nssh_signal_is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int nssh_open_pty(int *slave) {
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) return -1;
    if (unlockpt(master) == 0) {
        *slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (*slave >= 0) return master;
    }
    int error = errno;
    close(master);
    errno = error;
    return -1;
}
int nssh_copy_window_size(int from, int to) {
    struct winsize size;
    return ioctl(from, TIOCGWINSZ, &size) < 0 ? -1 : ioctl(to, TIOCSWINSZ, &size);
}

void nssh_forget_input(void) {
    __fpurge(stdin);
    clearerr(stdin);
}

static void leave(int status, void *closing) {
    ((void (*)(void))closing)();
    int failed = nssh_flush_out() < 0;
    fflush(NULL);
    _exit(status == 0 && failed ? 1 : status);
}
int nssh_exit_as_copy(void (*closing)(void)) { return on_exit(leave, (void *)closing); }

static int argument_count;
static char **argument_values;
__attribute__((constructor)) static void keep_arguments(int argc, char **argv) {
    argument_count = argc;
    argument_values = argv;
}
int nssh_argc(void) { return argument_count; }
char **nssh_argv(void) { return argument_values; }
