// system(3) and popen(3) for a place of somebody else's (nssh_foreign.h): there the shell is somebody else's program, and is executed through
// the gate (gate.c), not by nssh.
#include "nssh_child.h"
#include "nssh_foreign.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/// Starts `sh -c command`; in the child `from` becomes `to`, if it is not negative. The pid, or -1 with errno.
static pid_t start(const char *command, int from, int to, const sigset_t *mask) {
    static int gate = -1;
    if (gate < 0) gate = nssh_gate_image();
    if (gate < 0) return -1;
    const char *const arguments[] = {"nssh: execve(/bin/sh): it cannot be executed there\n", "/bin/sh", "", "sh", "-c", command, NULL};
    pid_t pid = vfork();
    if (pid != 0) return pid;
    if (from >= 0 && (from == to ? fcntl(to, F_SETFD, 0) : dup2(from, to)) < 0) _exit(127);
    if (mask) {
        signal(SIGINT, SIG_DFL);
        signal(SIGQUIT, SIG_DFL);
        sigprocmask(SIG_SETMASK, mask, NULL);
    }
    syscall(SYS_execveat, gate, "", arguments, environ, AT_EMPTY_PATH);
    _exit(127);
}

static int wait_for(pid_t pid) {
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return -1;
    }
    return status;
}

int nssh_system(const char *command) {
    if (!nssh_is_foreign() || !command) return system(command);
    // As POSIX has it: ^C and ^\ are the command's.
    struct sigaction ignored = {.sa_handler = SIG_IGN}, interrupt, quit;
    sigset_t child, old;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &old);
    sigaction(SIGINT, &ignored, &interrupt);
    sigaction(SIGQUIT, &ignored, &quit);
    pid_t pid = start(command, -1, -1, &old);
    int status = pid < 0 ? -1 : wait_for(pid), error = errno;
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    errno = error;
    return status;
}

/// The streams that are open here, and their commands.
struct command {
    struct command *next;
    FILE *stream;
    pid_t pid;
};
static struct command *commands;

FILE *nssh_popen(const char *command, const char *mode) {
    if (!nssh_is_foreign()) return popen(command, mode);
    const bool reads = *mode == 'r';
    int ends[2];
    struct command *new = malloc(sizeof *new);
    if (!new || pipe2(ends, O_CLOEXEC) < 0) {
        free(new);
        return NULL;
    }
    const int own = ends[reads ? 0 : 1], other = ends[reads ? 1 : 0];
    *new = (struct command){commands, fdopen(own, reads ? "r" : "w"), -1};
    if (new->stream) new->pid = start(command, other, reads ? 1 : 0, NULL);
    int error = errno;
    close(other);
    if (new->pid < 0) {
        if (new->stream) fclose(new->stream);
        else close(own);
        free(new);
        errno = error;
        return NULL;
    }
    commands = new;
    return new->stream;
}

int nssh_pclose(FILE *stream) {
    for (struct command **place = &commands; *place; place = &(*place)->next) {
        struct command *found = *place;
        if (found->stream != stream) continue;
        *place = found->next;
        pid_t pid = found->pid;
        free(found);
        fclose(stream);
        return wait_for(pid);
    }
    return pclose(stream);
}
