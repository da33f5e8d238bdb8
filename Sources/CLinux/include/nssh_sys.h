// What Swift's Glibc module lacks: function-like macros, variadic calls, newer system calls and their constants. Each
// function is the call its name says; errors are -1 with errno.
#pragma once
#include <linux/sched.h>
#include <signal.h>
#include <sys/types.h>

/// The command line as main gets it, known before main runs. (Swift's own reads /proc, which may not be there.)
int nssh_argc(void);
char **nssh_argv(void);
int nssh_errno(void);
char **nssh_environ(void);
/// Makes `list`, which stays the process's, its environment.
void nssh_set_environ(char **list);
int nssh_setns(int descriptor, int types);
int nssh_pidfd_open(pid_t pid);
struct rlimit;
int nssh_getrlimit(int resource, struct rlimit *limit);
int nssh_pidfd_send_signal(int descriptor, int signal);
int nssh_wait_pidfd(int descriptor, siginfo_t *info, int options);
int nssh_siginfo_status(const siginfo_t *info);
int nssh_siginfo_pid(const siginfo_t *info);
int nssh_open(const char *path, int flags, mode_t mode);
int nssh_openat(int directory, const char *path, int flags, mode_t mode);
int nssh_fcntl(int descriptor, int command, long argument);
int nssh_pipe(int descriptors[2]);
int nssh_memfd(const char *name);
int nssh_prctl(int option, unsigned long argument);
/// ioctl_ns(2) requests that return a descriptor or nothing, by number: NS_GET_USERNS, …
int nssh_ns_ioctl(int descriptor, unsigned long request);
int nssh_ns_get_userns(int descriptor);
int nssh_ns_get_parent(int descriptor);
int nssh_ns_get_type(int descriptor);
int nssh_ns_get_owner_uid(int descriptor, uid_t *uid);
int nssh_ns_get_id(int descriptor, unsigned long long *id);
/// A struct file_handle with room for any: name_to_handle_at(2).
struct nssh_ns_handle {
    unsigned int size;
    int type;
    unsigned char bytes[128];
};
/// The file handle of an open namespace, since Linux 6.18. name_to_handle_at(2)
int nssh_ns_to_handle(int descriptor, struct nssh_ns_handle *handle);
/// The namespace of a file handle; ESTALE when it is gone. open_by_handle_at(2) at FD_NSFS_ROOT.
int nssh_ns_from_handle(const struct nssh_ns_handle *handle);
/// A pair of connected unix sockets that keep messages apart, close-on-exec. socketpair(2)
int nssh_socketpair(int descriptors[2]);
/// Sends one message, with `descriptor` if that is not negative; neither waits nor raises SIGPIPE. sendmsg(2)
ssize_t nssh_socket_send(int socket, const void *bytes, size_t count, int descriptor);
/// The size of the next message, 0 at the end; does not wait. recv(2) with MSG_PEEK.
ssize_t nssh_socket_next(int socket);
/// Receives one message and up to `*room` descriptors, close-on-exec; `*room` is then their number. `*cut` tells that there
/// were more, or more bytes; what did not fit is closed by the kernel. Does not wait. recvmsg(2)
ssize_t nssh_socket_receive(int socket, void *bytes, size_t count, int *descriptors, int *room, int *cut);
/// Copies of the descriptors of the first waiting message that has some, which stay there; `*room` as above. recvmsg(2) with MSG_PEEK.
ssize_t nssh_socket_peek(int socket, int *descriptors, int *room);
/// Whether a link can have the name: the kernel cuts longer ones, and what follows a colon, and would do it to another link.
int nssh_is_link_name(const char *name);
/// SIOCGIFFLAGS, SIOCSIFFLAGS; EINVAL for what cannot be a name.
int nssh_link_flags(int control, const char *name, int set, short add, short remove);
int nssh_link_mtu(int control, const char *name);
void nssh_reset_signal(int signal);
/// Whether the file system of `descriptor` is nsfs.
int nssh_is_nsfs(int descriptor);
/// The device number of /dev/null. null(4)
dev_t nssh_null_device(void);
/// strerrorname_np(3): NULL where there is none.
const char *nssh_errno_name(int error);
/// O_PATH, which needs _GNU_SOURCE.
extern const int nssh_o_path;
/// The interface index and hardware address of an AF_PACKET address of getifaddrs(3), which has room for longer ones than
/// packet(7): InfiniBand's 20 bytes; the number of bytes, at most 24.
int nssh_link_hardware(const void *address, int *index, unsigned char bytes[24]);
/// The effective capability set, capget(2); 0 when it cannot be read.
unsigned long long nssh_effective_capabilities(void);
/// ppoll(2), for ever when `nanoseconds` is negative.
int nssh_ppoll(void *descriptors, unsigned long count, long long nanoseconds, const sigset_t *mask);
/// Field `number` of uname(2), in the order of struct utsname, the domain name included; NULL with errno.
const char *nssh_uname(int number);
/// Forgets what was read ahead from standard input, and its end: another file is there now.
void nssh_forget_input(void);
/// Makes exit(3) do `closing`, flush what was written (a status of 0 is 1 if that fails), and nothing else. It would move the position of
/// files that are read to where their reader is; a copy of the process shares the position with the original.
int nssh_exit_as_copy(void (*closing)(void));
/// A new pseudo-terminal, both ends close-on-exec: the master's descriptor, the slave's in `*slave`. posix_openpt(3), TIOCGPTPEER.
int nssh_open_pty(int *slave);
/// The window size of a terminal goes to another. TIOCGWINSZ, TIOCSWINSZ.
int nssh_copy_window_size(int from, int to);
/// Whether SIG_IGN is set for a signal.
int nssh_signal_is_ignored(int signal);
