// See nssh_output.h.
#include "nssh_output.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int trouble_status;
/// Why standard output could not be written; 0: it could, or nobody has looked.
static int output_error;

/// Why a write failed, when that was a script's own, as print is, and nobody has kept the reason: it is looked for, by calls that change
/// nothing. EIO where it does not show any more.
static int reason_now(void) {
    struct pollfd output = {STDOUT_FILENO, POLLOUT, 0};
    int ready = poll(&output, 1, 0);
    if (ready == 0) return EAGAIN;
    if (ready > 0 && (output.revents & (POLLERR | POLLHUP))) return EPIPE;
    if (write(STDOUT_FILENO, "", 0) < 0) return errno;
    struct stat file;
    struct statvfs system;
    if (fstat(STDOUT_FILENO, &file) == 0 && S_ISCHR(file.st_mode) && file.st_rdev == makedev(1, 7)) return ENOSPC;  // /dev/full
    if (fstatvfs(STDOUT_FILENO, &system) == 0 && system.f_blocks && !system.f_bavail) return ENOSPC;
    return EIO;
}

int nssh_flush_out(void) {
    if (fflush(stdout) == EOF) output_error = errno;
    if (!ferror(stdout)) return 0;
    if (!output_error) output_error = reason_now();
    errno = output_error;
    return -1;
}

void nssh_flush_all(void) {
    nssh_flush_out();
    fflush(NULL);
}

static void close_output(int status, void *nothing) {
    (void)nothing;
    int error = nssh_flush_out() < 0 ? errno : 0;
    // A file server may tell of a full disk only now. (EBADF: a script has closed it.)
    if (close(STDOUT_FILENO) < 0 && errno != EBADF && !error) error = errno;
    if (!error) return;
    // What else is open is not flushed by _exit.
    fflush(NULL);
    dprintf(STDERR_FILENO, "nssh: cannot write to standard output: %s\n", strerror(error));
    _exit(status ? status : trouble_status);
}

void nssh_watch_output(int trouble) {
    static int is_watched;
    trouble_status = trouble;
    if (!is_watched) is_watched = on_exit(close_output, NULL) == 0;
}

void nssh_forget_output(void) {
    __fpurge(stdout);
    clearerr(stdout);
    output_error = 0;
}

int nssh_open_nothing(void) {
    struct stat info;
    int null = open("/dev/null", O_RDONLY);
    // In a root that somebody has filled by hand it may be a plain file.
    if (null >= 0 && fstat(null, &info) == 0 && S_ISCHR(info.st_mode)) return null;
    if (null >= 0) close(null);
    int file = memfd_create("nssh-closed-stream", MFD_ALLOW_SEALING);
    if (file >= 0 && fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0) return file;
    int error = errno;
    if (file >= 0) close(file);
    errno = error;
    return -1;
}
