// What the running kernel can do, found out by doing it. Nothing here needs privilege or stays.
#pragma once
#include <sys/types.h>

/// What is probed; the order is that of `Feature` in Features.swift.
enum nssh_feature {
    NSSH_CLONE3,             ///< clone3(2) with CLONE_PIDFD
    NSSH_CLONE3_SET_TID,     ///< its set_tid
    NSSH_CLONE3_CLEAR_SIGHAND,
    NSSH_CLONE3_INTO_CGROUP,
    NSSH_CLONE3_TIME,        ///< CLONE_NEWTIME in clone3(2); before it takes unshare(2)
    NSSH_TIME_SHARED_MEMORY, ///< CLONE_VM|CLONE_VFORK while a time namespace waits for children
    NSSH_PIDFD_OPEN,
    NSSH_PIDFD_GETFD,
    NSSH_PIDFD_SETNS,        ///< setns(2) with a pidfd and a mask
    NSSH_PIDFD_NAMESPACES,   ///< PIDFD_GET_*_NAMESPACE
    NSSH_CLOSE_RANGE,
    NSSH_CLOSE_RANGE_CLOEXEC,
    NSSH_OPENAT2,
    NSSH_FSOPEN,             ///< fsopen(2), fsmount(2), move_mount(2), open_tree(2)
    NSSH_MOUNT_SETATTR,
    NSSH_STATMOUNT,          ///< statmount(2), listmount(2)
    NSSH_MNTNS_ID,           ///< NS_GET_MNTNS_ID
    NSSH_MNTNS_WALK,         ///< NS_MNT_GET_INFO, _NEXT, _PREV
    NSSH_PID_TRANSLATION,    ///< NS_GET_PID_FROM_PIDNS and its like
    NSSH_NS_ID,              ///< NS_GET_ID
    NSSH_NS_HANDLES,         ///< name_to_handle_at(2) of a namespace
    NSSH_LISTNS,
    NSSH_NETNS_COOKIE,       ///< SO_NETNS_COOKIE
    NSSH_PROC_PIDNS,         ///< the procfs option pidns=
    NSSH_MEMFD_EXEC,         ///< MFD_EXEC, MFD_NOEXEC_SEAL
};

/// 1 when the kernel has it; -1 with errno when it does not, or does not let us see. Which of the two, nssh_probe_is_certain tells.
/// `proc` is a descriptor of /proc.
int nssh_probe(enum nssh_feature feature, int proc);

/// Whether an errno of nssh_probe says that the kernel does not know the call, the flag or the request. Any other one (a limit, no memory,
/// no permission, no descriptors) says nothing of the kernel, and the next try may end otherwise.
int nssh_probe_is_certain(int error);

/// Makes a user and a uts namespace in a child, maps its id, sets the host name there: as `uid` where that is not the caller's.
/// 0 when all of it works; otherwise errno, and the number of the step in `step`: 0 fork, 1 setresuid, 2 unshare, 3 setgroups,
/// 4 uid_map, 5 sethostname.
int nssh_probe_user_namespaces(int proc, uid_t uid, int *step);
