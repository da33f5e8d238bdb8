// Mounts of any mnt namespace, whether a process is in it or not. Each function is the call its comment names; errors are -1 with
// errno: ENOSYS, EINVAL or ENOTTY where the kernel is too old.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// A mount. The texts lie in the buffer that was given.
struct nssh_mount {
    uint64_t id, parent;    ///< unique ids; the first mount's parent is out of sight
    uint64_t file_system;   ///< its magic number: NSSH_NSFS, NSSH_PROCFS, …
    uint32_t major, minor;  ///< the device of the file system
    int old_id;             ///< the id in mountinfo, used again
    const char *root;       ///< what of the file system is mounted; of an nsfs mount `net:[4026532281]`
    const char *point;      ///< the mount point, from the root of the mnt namespace, or nssh's own root in its own
};
enum { NSSH_PROCFS = 0x9fa0, NSSH_NSFS = 0x6e736673, NSSH_CGROUP = 0x27e0eb, NSSH_CGROUP2 = 0x63677270 };

/// The id of a mnt namespace, and how many mounts are in it. NS_MNT_GET_INFO
int nssh_mntns_info(int descriptor, uint64_t *id, uint32_t *mounts);
/// Opens the next mnt namespace, or the one before, among those that the caller has power over; ENOENT at the end.
/// NS_MNT_GET_NEXT, NS_MNT_GET_PREV
int nssh_mntns_next(int descriptor, int backwards);
/// The ids of up to `room` mounts of a mnt namespace that come after the mount `after`, 0 for the first. listmount(2)
long nssh_listmount(uint64_t mntns, uint64_t after, uint64_t *ids, size_t room);
/// What a mount is: its ids, file system and device; `root` and `point` are NULL. statmount(2)
int nssh_statmount(uint64_t mntns, uint64_t id, struct nssh_mount *mount);
/// The same with the texts, which `buffer` takes; EOVERFLOW when it is too small. statmount(2)
int nssh_statmount_text(uint64_t mntns, uint64_t id, struct nssh_mount *mount, void *buffer, size_t size);
/// The device of the file system that an open file is on. fstat(2)
int nssh_device(int descriptor, uint32_t *major, uint32_t *minor);
/// The magic number of the file system that an open file is on: NSSH_NSFS, NSSH_PROCFS, … fstatfs(2)
long nssh_file_system(int descriptor);

/// Opens the POSIX message queues of the caller's ipc namespace for reading, without mounting them anywhere. It takes the power to mount.
/// fsopen(2), fsmount(2)
int nssh_open_mqueue(void);

/// Opens the file at a mount point below `directory`, through nothing but what the kernel has in memory: a file system that does not
/// answer cannot hold the caller up; EAGAIN then. openat2(2) with RESOLVE_CACHED, or without where the kernel lacks it.
int nssh_open_mount_point(int directory, const char *path, int flags);
/// The same for a path that has to be as the kernel writes that of a mount point: ELOOP where a symbolic link is on the way or at its end.
int nssh_open_without_links(int directory, const char *path, int flags);
/// The same from the root of a mnt namespace, with the power of its user namespace, which the caller joins by setns(2) in a child: its
/// descriptors are the caller's, its memory is not.
int nssh_open_in_mntns(int mntns, const char *path, int flags);
