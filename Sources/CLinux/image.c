// Programs that stay behind in namespaces: a few instructions of a section of the binary, wrapped into an ELF header and
// written to a sealed memfd. Nothing of nssh is in them, and /proc/PID/exe is no way to nssh's file.
#include "image.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#if defined __x86_64__
enum { MACHINE = EM_X86_64 };
#else
enum { MACHINE = EM_AARCH64 };
#endif

/// A program: the instructions from `start` to `stop`, wrapped. Which of them is executed first is said here, since nobody says in which order
/// a linker puts the functions of a section.
struct image {
    const char *start, *stop, *entry;
};

static int write_image(int file, const struct image *program) {
    const size_t code = (size_t)(program->stop - program->start);
    const Elf64_Addr base = 0x10000;
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr load, stack;
        char code[2048];
    } image = {0};
    const size_t size = offsetof(typeof(image), code) + code;
    if (code > sizeof image.code) return errno = E2BIG, -1;
    if (program->entry < program->start || program->entry >= program->stop) return errno = ENOEXEC, -1;
    image.header = (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE},
        .e_type = ET_EXEC, .e_machine = MACHINE, .e_version = EV_CURRENT,
        .e_entry = base + offsetof(typeof(image), code) + (Elf64_Addr)(program->entry - program->start),
        .e_phoff = offsetof(typeof(image), load),
        .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
    };
    image.load = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = base, .p_paddr = base,
                              .p_filesz = size, .p_memsz = size, .p_align = 0x10000};
    image.stack = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16};
    memcpy(image.code, program->start, code);
    ssize_t written = write(file, &image, size);
    return written == (ssize_t)size ? 0 : -1;
}

/// Where memfds may not be executed (vm.memfd_noexec): a file without a name, opened again for reading only.
static int temporary_image(const struct image *program) {
    const char *directory = getenv("TMPDIR");
    int file = open(directory && *directory ? directory : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0555);
    if (file < 0) return -1;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    int image = write_image(file, program) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    int error = errno;
    close(file);
    errno = error;
    return image;
}

int nssh_image(const char *name, const char *start, const char *stop, void (*entry)(void)) {
    const struct image program = {start, stop, (const char *)entry};
    int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (file < 0 && errno == EINVAL) file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (file < 0) return errno == EACCES ? temporary_image(&program) : -1;
    if (write_image(file, &program) == 0 && fchmod(file, 0555) == 0 &&
        fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
        return file;
    int error = errno;
    close(file);
    errno = error;
    return -1;
}
