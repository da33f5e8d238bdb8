// A process that holds a new uts namespace: a fresh image of one page, from a sealed memfd.
#include "floor.h"
#include <elf.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#if defined __x86_64__
enum { MACHINE = EM_X86_64 };
// pause(2) for ever.
static const unsigned char code[] = {0xb8, 0x22, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7};
#elif defined __aarch64__
enum { MACHINE = EM_AARCH64 };
// ppoll(NULL, 0, NULL, NULL) for ever.
static const unsigned int code[] = {0xd2800000, 0xd2800001, 0xd2800002, 0xd2800003, 0xd2800928, 0xd4000001, 0x17fffffa};
#else
#error "x86-64 or arm64"
#endif

static int image;

void prepare_held(void) {
    const Elf64_Addr base = 0x10000;
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr load;
        unsigned char code[sizeof code];
    } file = {
        .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_EXEC,
                   .e_machine = MACHINE, .e_version = EV_CURRENT, .e_entry = base + offsetof(typeof(file), code),
                   .e_phoff = offsetof(typeof(file), load), .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1},
        .load = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = base, .p_filesz = sizeof file,
                 .p_memsz = sizeof file, .p_align = 0x10000},
    };
    memcpy(file.code, code, sizeof code);
    image = memfd_create("floor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (image < 0 || write(image, &file, sizeof file) != (ssize_t)sizeof file || fchmod(image, 0555) < 0 ||
        fcntl(image, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        DIE("memfd_create");
}

static int child(void *) {
    map_root();
    char *const none[] = {NULL};
    syscall(SYS_execveat, image, "", none, none, AT_EMPTY_PATH);
    _exit(127);
}

void held(void) {
    pid_t pid = spawn(CLONE_NEWUTS | user_flag, child, NULL);
    if (kill(pid, SIGKILL) < 0) DIE("kill");
    reap(pid);
}
