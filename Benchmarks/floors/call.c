// A forked child that sends a value back through a pipe.
#include "floor.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>

void fork_and_value(void) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) DIE("pipe2");
    pid_t pid = user_flag ? (pid_t)syscall(SYS_clone, user_flag | SIGCHLD, 0, 0, 0, 0) : fork();
    if (pid < 0) DIE("fork");
    if (pid == 0) {
        map_root();
        double value = 42;
        _exit(write(ends[1], &value, sizeof value) == sizeof value ? 0 : 1);
    }
    close(ends[1]);
    double value = 0;
    if (read(ends[0], &value, sizeof value) != sizeof value || value != 42) DIE("read");
    close(ends[0]);
    reap(pid);
}
