// See nssh_mounts.h. The structures are those of linux/mount.h and linux/nsfs.h, newer than the headers of the oldest system that
// nssh is built on.
#include "nssh_mounts.h"
#include "nssh_sys.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_statmount
#define SYS_statmount 457
#define SYS_listmount 458
#endif

struct mntns_info {
    uint32_t size, mounts;
    uint64_t id;
};
#define GET_INFO _IOR(0xb7, 10, struct mntns_info)
#define GET_NEXT _IOR(0xb7, 11, struct mntns_info)
#define GET_PREV _IOR(0xb7, 12, struct mntns_info)

/// struct mnt_id_req
struct request {
    uint32_t size, spare;
    uint64_t id, param, mntns;
};
enum { ROOT_OF_ALL = -1 };  // LSMT_ROOT

/// struct statmount
struct answer {
    uint32_t size, options;
    uint64_t mask;
    uint32_t major, minor;
    uint64_t magic;
    uint32_t super_flags, type;
    uint64_t id, parent;
    uint32_t old_id, old_parent;
    uint64_t attributes, propagation, peers, master, from;
    uint32_t root, point;
    uint64_t spare[50];
    char text[];
};
_Static_assert(sizeof(struct answer) == 512, "struct statmount is 512 bytes and its texts");
enum { SUPER_BLOCK = 0x1, MOUNT = 0x2, ROOT = 0x8, POINT = 0x10 };  // STATMOUNT_SB_BASIC, …_MNT_BASIC, …_MNT_ROOT, …_MNT_POINT

int nssh_mntns_info(int descriptor, uint64_t *id, uint32_t *mounts) {
    struct mntns_info info = {.size = sizeof info};
    if (ioctl(descriptor, GET_INFO, &info) < 0) return -1;
    *id = info.id;
    *mounts = info.mounts;
    return 0;
}

int nssh_mntns_next(int descriptor, int backwards) {
    struct mntns_info info = {.size = sizeof info};
    return ioctl(descriptor, backwards ? GET_PREV : GET_NEXT, &info);
}

long nssh_listmount(uint64_t mntns, uint64_t after, uint64_t *ids, size_t room) {
    struct request request = {.size = sizeof request, .id = (uint64_t)ROOT_OF_ALL, .param = after, .mntns = mntns};
    return syscall(SYS_listmount, &request, ids, room, 0);
}

static int stat_mount(uint64_t mntns, uint64_t id, uint64_t what, struct nssh_mount *mount, struct answer *answer, size_t size) {
    struct request request = {.size = sizeof request, .id = id, .param = what, .mntns = mntns};
    if (syscall(SYS_statmount, &request, answer, size, 0) < 0) return -1;
    *mount = (struct nssh_mount){
        .id = answer->id, .parent = answer->parent, .file_system = answer->magic, .major = answer->major, .minor = answer->minor,
        .old_id = (int)answer->old_id, .root = what & ROOT ? "" : NULL, .point = what & POINT ? "" : NULL};
    if (answer->mask & ROOT) mount->root = answer->text + answer->root;
    if (answer->mask & POINT) mount->point = answer->text + answer->point;
    return 0;
}

int nssh_statmount(uint64_t mntns, uint64_t id, struct nssh_mount *mount) {
    struct answer answer;
    return stat_mount(mntns, id, SUPER_BLOCK | MOUNT, mount, &answer, sizeof answer);
}

int nssh_statmount_text(uint64_t mntns, uint64_t id, struct nssh_mount *mount, void *buffer, size_t size) {
    return stat_mount(mntns, id, SUPER_BLOCK | MOUNT | ROOT | POINT, mount, buffer, size);
}

int nssh_device(int descriptor, uint32_t *major_number, uint32_t *minor_number) {
    struct stat info;
    if (fstat(descriptor, &info) < 0) return -1;
    *major_number = major(info.st_dev);
    *minor_number = minor(info.st_dev);
    return 0;
}

long nssh_file_system(int descriptor) {
    struct statfs info;
    return fstatfs(descriptor, &info) < 0 ? -1 : info.f_type;
}

#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

static int open_cached(int directory, const char *path, int flags, uint64_t resolve) {
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT | RESOLVE_CACHED | resolve};
    int result = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (result >= 0 || errno != EINVAL) return result;
    how.resolve &= ~(uint64_t)RESOLVE_CACHED;
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

int nssh_open_mount_point(int directory, const char *path, int flags) {
    return open_cached(directory, path, flags, RESOLVE_NO_MAGICLINKS);
}

int nssh_open_without_links(int directory, const char *path, int flags) { return open_cached(directory, path, flags, RESOLVE_NO_SYMLINKS); }

/// In the child: joins, and opens. Undumpable, since who is root in the user namespace may otherwise look at this copy of the caller.
static int join_and_open(int mntns, const char *path, int flags) {
    if (prctl(PR_SET_DUMPABLE, 0) < 0) return -1;
    if (setns(mntns, CLONE_NEWNS) < 0) {
        if (errno != EPERM) return -1;
        int owner = nssh_ns_get_userns(mntns);
        if (owner < 0) return -1;
        int result = setns(owner, CLONE_NEWUSER);
        close(owner);
        if (result < 0 || setns(mntns, CLONE_NEWNS) < 0) return -1;
    }
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return -1;
    int file = nssh_open_mount_point(root, path, flags);
    int error = errno;
    close(root);
    errno = error;
    return file;
}

int nssh_open_in_mntns(int mntns, const char *path, int flags) {
    int ends[2], answer[2] = {-1, ECHILD};  // the descriptor, errno
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    // Like fork(2), but with one table of descriptors; without a signal at its end, so that nobody else waits for it.
    long pid = syscall(SYS_clone, CLONE_FILES, 0, 0, 0, 0);
    if (pid == 0) {
        answer[0] = join_and_open(mntns, path, flags);
        answer[1] = errno;
        _exit(write(ends[1], answer, sizeof answer) < 0);
    }
    if (pid < 0) {
        answer[1] = errno;
    } else {
        while (waitpid((pid_t)pid, NULL, __WALL) < 0 && errno == EINTR) {}
        // It has written in one piece, or died; the other end is still open here.
        if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && read(ends[0], answer, sizeof answer) < 0) answer[1] = ECHILD;
    }
    close(ends[0]);
    close(ends[1]);
    errno = answer[1];
    return answer[0];
}

int nssh_open_mqueue(void) {
    int context = (int)syscall(SYS_fsopen, "mqueue", FSOPEN_CLOEXEC);
    if (context < 0) return -1;
    int mount = -1, directory = -1;
    if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
    if (mount >= 0) directory = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = errno;
    if (mount >= 0) close(mount);
    close(context);
    errno = error;
    return directory;
}
