// What stays behind in new namespaces: an image of a few instructions, with nothing of nssh in it, and a root directory
// that leads nowhere.
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "image.h"
#include "nssh_child.h"

#define IMAGE NSSH_IMAGE("nssh_hold")

// ppoll(NULL, 0, NULL, NULL) for ever. Position-independent, in a section of its own so that it can be copied out.
#if defined __x86_64__
IMAGE __attribute__((naked)) static void hold(void) {
    __asm__("1: xorl %edi, %edi\n xorl %esi, %esi\n xorl %edx, %edx\n xorl %r10d, %r10d\n movl $271, %eax\n syscall\n jmp 1b");
}
#else
IMAGE __attribute__((naked)) static void hold(void) {
    __asm__("1: mov x0, xzr\n mov x1, xzr\n mov x2, xzr\n mov x3, xzr\n mov x8, 73\n svc 0\n b 1b");
}
#endif
extern const char start[] __asm__("__start_nssh_hold"), stop[] __asm__("__stop_nssh_hold");

int nssh_held_image(void) { return nssh_image("nssh-held", start, stop, hold); }

// ---- the root that leads nowhere --------------------------------------------------------------------------------

struct root_request {
    int context, descriptor, error; // of nssh's table too: it closes the context, also when the child was killed half-way
};

static int make_root(void *data) {
    struct root_request *request = data;
    request->context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (request->context >= 0 && syscall(SYS_fsconfig, request->context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        request->descriptor = (int)syscall(SYS_fsmount, request->context, FSMOUNT_CLOEXEC,
                                           MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    request->error = errno;
    _exit(0);
}

int nssh_empty_root(void) {
    // In a throw-away process, since it takes a mount namespace of its own (and, for a user, a user namespace).
    static char stack[16 * 1024] __attribute__((aligned(16)));
    for (int attempt = 0; attempt < 2; attempt++) {
        struct root_request request = {-1, -1, 0};
        int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWNS | (attempt ? CLONE_NEWUSER : 0) | SIGCHLD;
        int pid = clone(make_root, stack + sizeof stack, flags, &request);
        if (pid < 0) {
            if (errno == EPERM) continue;
            return -1;
        }
        while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {}
        if (request.context >= 0) close(request.context);
        if (request.descriptor >= 0) return request.descriptor;
        errno = request.error;
    }
    return -1;
}
