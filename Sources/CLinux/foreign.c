// In a place of somebody else's: see nssh_foreign.h.
#include "nssh_child.h"
#include "nssh_foreign.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

static bool foreign;
/// The locale of messages at home; NULL while it is in force.
static char *messages;
/// What the C library takes for the name of no zone at all.
#define DEFAULT_ZONE ":/etc/localtime"
static bool names_zone;

bool nssh_is_foreign(void) { return foreign; }

void nssh_foreign_prepare(void) {
    if (foreign) return;
    // A zone with a name is not looked for again while it has that name; without one the file would be, each time.
    const bool has_name = getenv("TZ") != NULL;
    if (!has_name) setenv("TZ", DEFAULT_ZONE, 1);
    tzset();
    if (!has_name) unsetenv("TZ");
    // The first conversion opens the character set's converter, which may be a library.
    mbstate_t state = {0};
    wchar_t wide;
    (void)!mbrtowc(&wide, "a", 1, &state);
}

void nssh_foreign_begin(void) {
    if (!foreign) {
        names_zone = !getenv("TZ");
        if (names_zone) setenv("TZ", DEFAULT_ZONE, 1);
        // A translation is read when a message is first asked for, and says itself which converter it needs.
        const char *now = setlocale(LC_MESSAGES, NULL);
        messages = now ? strdup(now) : NULL;
        setlocale(LC_MESSAGES, "C");
    }
    foreign = true;
}

void nssh_foreign_end(void) {
    foreign = false;
    if (names_zone) unsetenv("TZ");
    if (messages) setlocale(LC_MESSAGES, messages);
    free(messages);
    messages = NULL;
}

/// A procfs that is mounted nowhere: `..` of its root is itself.
static int detached_proc(void) {
    int context = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
    if (context < 0) return -1;
    int mounted = -1;
    if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        mounted = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    int error = errno;
    close(context);
    errno = error;
    return mounted;
}

/// Whether a procfs is of this process's own pid namespace: there its status has one number, and it is the one that getpid(2) tells.
static bool is_own_proc(int proc) {
    struct statfs system;
    struct stat info;
    enum { PROC_ROOT_INODE = 1 };
    if (fstatfs(proc, &system) < 0 || system.f_type != PROC_SUPER_MAGIC) return false;
    if (fstat(proc, &info) < 0 || info.st_ino != PROC_ROOT_INODE) return false;
    int status = openat(proc, "self/status", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (status < 0) return false;
    char text[4096];
    ssize_t count = read(status, text, sizeof text - 1);
    close(status);
    if (count <= 0) return false;
    text[count] = 0;
    const char *line = strstr(text, "\nNSpid:\t");
    if (!line) return false;
    char *end;
    long pid = strtol(line + strlen("\nNSpid:\t"), &end, 10);
    return *end == '\n' && pid == getpid();
}

int nssh_foreign_proc(bool may_mount) {
    if (may_mount) {
        int proc = detached_proc();
        if (proc >= 0) return proc;
    }
    int proc = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (proc < 0) return -1;
    if (is_own_proc(proc)) return proc;
    close(proc);
    errno = ENOENT;
    return -1;
}

// ---- what nssh was started with ---------------------------------------------------------------------------------

/// A number, and the file that it stood for: a script may have closed it (with a C module), and opened another one.
struct inherited {
    int descriptor;
    dev_t device;
    ino_t inode;
};
static struct inherited *inherited;
static size_t inherited_count;

static void note(int descriptor) {
    struct stat info;
    int flags = fcntl(descriptor, F_GETFD);
    if (flags < 0 || flags & FD_CLOEXEC || fstat(descriptor, &info) < 0) return;
    if ((inherited_count & (inherited_count - 1)) == 0) {
        struct inherited *more = realloc(inherited, sizeof *more * (inherited_count ? 2 * inherited_count : 1));
        if (!more) return;
        inherited = more;
    }
    inherited[inherited_count++] = (struct inherited){descriptor, info.st_dev, info.st_ino};
}

void nssh_note_inherited(int proc) { nssh_each_descriptor(3, proc, note); }

void nssh_close_inherited(void) {
    struct stat info;
    for (size_t i = 0; i < inherited_count; i++) {
        const struct inherited *one = &inherited[i];
        if (fstat(one->descriptor, &info) == 0 && info.st_dev == one->device && info.st_ino == one->inode) close(one->descriptor);
    }
    inherited_count = 0;
}
