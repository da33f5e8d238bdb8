// See nssh_scan.h.
#include "nssh_scan.h"
#include "nssh_sys.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/sockios.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// Newer than the headers of the oldest system that nssh is built on.
#ifndef SYS_listns
#define SYS_listns 470
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef SIOCGSKNS
#define SIOCGSKNS 0x894C
#endif
#define PIDFD_GET_PID_FOR_CHILDREN _IO(0xff, 6)
/// The type of a file handle of nsfs.
#define NSFS_HANDLE 0xf1

ssize_t nssh_getdents(int directory, void *buffer, size_t size) { return getdents64(directory, buffer, size); }

int nssh_look_at(int directory, const char *name, struct nssh_file *file) {
    struct statx info;
    int flags = AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
    if (statx(directory, name, flags, STATX_TYPE | STATX_INO | STATX_NLINK, &info) < 0) return -1;
    file->device = makedev(info.stx_dev_major, info.stx_dev_minor);
    file->inode = info.stx_ino;
    file->links = info.stx_nlink;
    file->is_socket = S_ISSOCK(info.stx_mode);
    file->is_tun = S_ISCHR(info.stx_mode) && info.stx_rdev_major == 10 && info.stx_rdev_minor == 200;
    return 0;
}

int nssh_pidfd_open_thread(pid_t thread) { return (int)syscall(SYS_pidfd_open, thread, O_EXCL); }
int nssh_pidfd_getfd(int pidfd, int number) { return (int)syscall(SYS_pidfd_getfd, pidfd, number, 0); }
int nssh_shares_descriptors(pid_t a, pid_t b) {
    long order = syscall(SYS_kcmp, a, b, KCMP_FILES, 0, 0);
    return order < 0 ? -1 : order == 0;
}
int nssh_pidfd_children_pid_namespace(int pidfd) { return nssh_ns_ioctl(pidfd, PIDFD_GET_PID_FOR_CHILDREN); }
int nssh_socket_cookie(int socket, unsigned long long *cookie) {
    socklen_t size = sizeof *cookie;
    return getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size);
}
int nssh_socket_namespace(int socket) { return nssh_ns_ioctl(socket, SIOCGSKNS); }

ssize_t nssh_listns(unsigned long long last, unsigned long long *ids, size_t room) {
    struct {
        uint32_t size, spare;
        uint64_t id;
        uint32_t types, spare2;
        uint64_t user;
    } request = {.size = sizeof request, .id = last};
    return syscall(SYS_listns, &request, ids, room, 0);
}
int nssh_ns_from_id(unsigned long long id) {
    struct nssh_ns_handle handle = {.size = 16, .type = NSFS_HANDLE};
    memcpy(handle.bytes, &id, sizeof id);
    return nssh_ns_from_handle(&handle);
}
