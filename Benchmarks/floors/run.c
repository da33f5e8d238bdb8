// true(1) in a new uts namespace.
#include "floor.h"
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>

extern char **environ;
static char *const arguments[] = {"true", NULL};

static int child(void *) {
    map_root();
    execvp(arguments[0], arguments);
    _exit(127);
}

void run_true(void) {
    int status;
    pid_t pid = spawn(CLONE_NEWUTS | user_flag, child, NULL);
    if (waitpid(pid, &status, 0) < 0) DIE("waitpid");
    if (status != 0) errno = 0, DIE("true");
}

// The same with what a caller of ns.run gets: nothing on standard input, what it writes read to the end.

struct streams {
    int null, out[2], error[2];
};

static int child_captured(void *data) {
    struct streams *streams = data;
    dup2(streams->null, 0);
    dup2(streams->out[1], 1);
    dup2(streams->error[1], 2);
    return child(NULL);
}

void run_true_captured(void) {
    struct streams streams = {.null = open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (streams.null < 0 || pipe2(streams.out, O_CLOEXEC) < 0 || pipe2(streams.error, O_CLOEXEC) < 0) DIE("pipe2");
    pid_t pid = spawn(CLONE_NEWUTS | user_flag, child_captured, &streams);
    close(streams.null);
    close(streams.out[1]);
    close(streams.error[1]);
    struct pollfd pipes[] = {{streams.out[0], POLLIN, 0}, {streams.error[0], POLLIN, 0}};
    for (int open_pipes = 2; open_pipes > 0;) {
        if (poll(pipes, 2, -1) < 0) DIE("poll");
        for (int i = 0; i < 2; i++) {
            char buffer[4096];
            if (pipes[i].revents == 0 || read(pipes[i].fd, buffer, sizeof buffer) > 0) continue;
            close(pipes[i].fd);
            pipes[i].fd = -1;
            open_pipes--;
        }
    }
    reap(pid);
}
