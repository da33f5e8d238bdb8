// Copies of nssh (fork(2)) that start with the page tables of the program's text.
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include "nssh_child.h"

/// Writes a byte of a page of text, with what it holds: the page is this process's own then, and fork copies the page tables of all of the
/// mapping that it is in. Refused where the system forbids that (SELinux): then copies are slower.
static void own_page(const void *address) {
    uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *page = (void *)((uintptr_t)address & ~(size - 1));
    if (mprotect(page, size, PROT_READ | PROT_WRITE | PROT_EXEC) < 0) return;
    volatile char *byte = page;
    *byte = *byte;
    mprotect(page, size, PROT_READ | PROT_EXEC);
}

void nssh_keep_text_mapped(void) {
    static bool done;
    if (done) return;
    done = true;
    own_page(nssh_keep_text_mapped);
    // Not by its name: that may be a stub of the program's own.
    const void *library = dlsym(RTLD_NEXT, "getpid");
    if (library) own_page(library);
}
