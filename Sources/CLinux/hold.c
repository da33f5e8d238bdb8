// What stays behind in new namespaces: an image of a few instructions, with nothing of nssh in it, and a root directory
// that leads nowhere.
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "nssh_child.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

// ppoll(NULL, 0, NULL, NULL) for ever. Position-independent, in a section of its own so that it can be copied out.
#if defined __x86_64__
enum { MACHINE = EM_X86_64 };
__attribute__((naked, used, retain, section("nssh_hold"))) static void hold(void) {
    __asm__("1: xorl %edi, %edi\n xorl %esi, %esi\n xorl %edx, %edx\n xorl %r10d, %r10d\n movl $271, %eax\n syscall\n jmp 1b");
}
#else
enum { MACHINE = EM_AARCH64 };
__attribute__((naked, used, retain, section("nssh_hold"))) static void hold(void) {
    __asm__("1: mov x0, xzr\n mov x1, xzr\n mov x2, xzr\n mov x3, xzr\n mov x8, 73\n svc 0\n b 1b");
}
#endif
extern const char start[] __asm__("__start_nssh_hold"), stop[] __asm__("__stop_nssh_hold");

static int write_image(int file) {
    const size_t code = (size_t)(stop - start);
    const Elf64_Addr base = 0x10000;
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr load, stack;
        char code[256];
    } image = {0};
    const size_t size = offsetof(typeof(image), code) + code;
    if (code > sizeof image.code) return errno = E2BIG, -1;
    image.header = (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE},
        .e_type = ET_EXEC, .e_machine = MACHINE, .e_version = EV_CURRENT,
        .e_entry = base + offsetof(typeof(image), code), .e_phoff = offsetof(typeof(image), load),
        .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
    };
    image.load = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = base, .p_paddr = base,
                              .p_filesz = size, .p_memsz = size, .p_align = 0x10000};
    image.stack = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16};
    memcpy(image.code, start, code);
    ssize_t written = write(file, &image, size);
    return written == (ssize_t)size ? 0 : -1;
}

/// Where memfds may not be executed (vm.memfd_noexec): a file without a name, opened again for reading only.
static int temporary_image(void) {
    const char *directory = getenv("TMPDIR");
    int file = open(directory && *directory ? directory : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0555);
    if (file < 0) return -1;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    int image = write_image(file) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    int error = errno;
    close(file);
    errno = error;
    return image;
}

int nssh_held_image(void) {
    int file = memfd_create("nssh-held", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (file < 0 && errno == EINVAL) file = memfd_create("nssh-held", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) return errno == EACCES ? temporary_image() : -1;
    if (write_image(file) == 0 && fchmod(file, 0555) == 0 &&
        fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
        return file;
    int error = errno;
    close(file);
    errno = error;
    return -1;
}

// ---- the root that leads nowhere --------------------------------------------------------------------------------

static int detached_mount(void) {
    int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    if (context < 0) return -1;
    int root = -1;
    if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        root = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
                            MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    int error = errno;
    close(context);
    errno = error;
    return root;
}

struct root_request {
    int descriptor, error;
};

static int make_root(void *data) {
    struct root_request *request = data;
    request->descriptor = detached_mount();
    request->error = errno;
    _exit(0);
}

int nssh_empty_root(void) {
    // In a throw-away process, since it takes a mount namespace of its own (and, for a user, a user namespace).
    static char stack[16 * 1024] __attribute__((aligned(16)));
    for (int attempt = 0; attempt < 2; attempt++) {
        struct root_request request = {-1, 0};
        int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWNS | (attempt ? CLONE_NEWUSER : 0) | SIGCHLD;
        int pid = clone(make_root, stack + sizeof stack, flags, &request);
        if (pid < 0) {
            if (errno == EPERM) continue;
            return -1;
        }
        while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {}
        if (request.descriptor >= 0) return request.descriptor;
        errno = request.error;
    }
    return -1;
}
