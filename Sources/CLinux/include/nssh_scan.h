// What the inner loops of a scan call, and what the headers of older systems lack. Errors are -1 with errno.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/// getdents64(2).
ssize_t nssh_getdents(int directory, void *buffer, size_t size);

/// What a scan asks of a file.
struct nssh_file {
    /// The device that it is on, and its inode number there.
    unsigned long long device, inode;
    unsigned int links;
    bool is_socket;
    /// Whether it is /dev/net/tun, by its device number.
    bool is_tun;
};
/// statx(2), following links, with what is known without asking a server: one that does not answer must not stop a scan.
int nssh_look_at(int directory, const char *name, struct nssh_file *file);

/// A pidfd of a thread, since Linux 6.9. pidfd_open(2) with PIDFD_THREAD
int nssh_pidfd_open_thread(pid_t thread);
/// A copy of descriptor `number` of the process or thread of a pidfd. pidfd_getfd(2)
int nssh_pidfd_getfd(int pidfd, int number);
/// Whether two threads have the same descriptors: 1 or 0, or -1 with errno. kcmp(2) with KCMP_FILES
int nssh_shares_descriptors(pid_t a, pid_t b);
/// The pid namespace that the next children of a process will be in, also one without a process. PIDFD_GET_PID_FOR_CHILDREN_NAMESPACE
int nssh_pidfd_children_pid_namespace(int pidfd);
/// The number of a socket's net namespace: its id, where namespaces have one. SO_NETNS_COOKIE
int nssh_socket_cookie(int socket, unsigned long long *cookie);
/// The net namespace of a socket or an open /dev/net/tun. SIOCGSKNS
int nssh_socket_namespace(int socket);

/// The ids of namespaces of all types above `last`, in ascending order; their number, 0 at the end. listns(2)
ssize_t nssh_listns(unsigned long long last, unsigned long long *ids, size_t room);
/// The namespace of an id, on kernels that have listns(2); ESTALE when it is gone, and on Linux 6.18, whose handles have more than the id. open_by_handle_at(2) at FD_NSFS_ROOT.
int nssh_ns_from_id(unsigned long long id);

/// The number by which nssh's own net namespace knows the net namespace open at `ns`: -1 where it has given it none. `netlink` is a socket
/// of NETLINK_ROUTE. Returns 0, or -1 with errno. RTM_GETNSID of rtnetlink(7), as ip-netns(8) shows it
int nssh_netns_id(int netlink, int ns, int *id);
