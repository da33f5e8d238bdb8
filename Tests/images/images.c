// Runs the programs that are copied out of the binary, without nssh: the held one waits, the init reaps and passes the end on.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "nssh_child.h"

static void fail(const char *what) {
    fprintf(stderr, "images: %s\n", what);
    exit(1);
}

/// fork(2) of a process that does not outlive its parent, however that ends.
static pid_t make_child(void) {
    pid_t pid = fork();
    if (pid == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

/// Executes the image; returns only when that failed.
static void become(int image, char *const arguments[]) {
    char *const none[] = {NULL};
    syscall(SYS_execveat, image, "", arguments, none, AT_EMPTY_PATH);
    _exit(126);
}

/// The state of a process, proc_pid_stat(5): S when it sleeps.
static char state_of(pid_t pid) {
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || read(file, line, sizeof line - 1) <= 0) fail("cannot read /proc");
    close(file);
    return strrchr(line, ')')[2];
}

/// Starts the held program, waits till it sleeps, and ends it.
static void held(void) {
    int image = nssh_held_image(), executed[2];
    if (image < 0 || pipe2(executed, O_CLOEXEC) < 0) fail("no held image");
    pid_t pid = make_child();
    if (pid == 0) become(image, (char *[]){"held", NULL});
    close(executed[1]);
    char byte;
    if (read(executed[0], &byte, 1) != 0) fail("the pipe has no end");
    char state;
    do state = state_of(pid);
    while (state == 'R');
    kill(pid, SIGTERM);
    int status;
    waitpid(pid, &status, 0);
    if (state != 'S' || !WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM) fail("the held program does not wait");
    close(executed[0]);
    close(image);
}

/// An init: another child of it ends first, a signal goes to the program, and how that ends (7, or by signal `number`) is how the init ends,
/// and is told on descriptor 0.
static void init(int number, int expected) {
    int image = nssh_init_image(), told[2];
    if (image < 0 || pipe2(told, O_CLOEXEC) < 0) fail("no init image");
    pid_t pid = make_child();
    if (pid == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        if (make_child() == 0) _exit(9);
        pid_t program = make_child();
        if (program == 0) {
            sigset_t wanted;
            sigemptyset(&wanted);
            sigaddset(&wanted, SIGUSR1);
            sigwaitinfo(&wanted, NULL);
            if (!number) _exit(7);
            sigprocmask(SIG_UNBLOCK, &all, NULL);
            kill(getpid(), number);
        }
        char digits[16];
        snprintf(digits, sizeof digits, "%d", program);
        dup2(told[1], 0);
        become(image, (char *[]){"init", digits, NULL});
    }
    close(told[1]);
    kill(pid, SIGUSR1);
    int status, end = 0;
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != expected) fail("the init ended otherwise");
    if (read(told[0], &end, sizeof end) != sizeof end) fail("the init has not told the end");
    if (number ? !WIFSIGNALED(end) || WTERMSIG(end) != number : !WIFEXITED(end) || WEXITSTATUS(end) != 7) fail("it told another end");
    close(told[0]);
    close(image);
}

/// The gate executes the first of the paths that is there, with the arguments and environment behind them, or tells why not.
static void gate(const char *path, int expected, int refusal) {
    int image = nssh_gate_image(), told[2];
    if (image < 0 || pipe2(told, O_CLOEXEC) < 0) fail("no gate image");
    pid_t pid = make_child();
    if (pid == 0) {
        char digits[16];
        snprintf(digits, sizeof digits, "%d", told[1]);
        fcntl(told[1], F_SETFD, 0);
        char *const arguments[] = {digits, "/nonexistent/a", (char *)path, "", "name", "-c", "test \"$KEY\" = ' of'", NULL};
        char *const environment[] = {"KEY= of", NULL};
        syscall(SYS_execveat, image, "", arguments, environment, AT_EMPTY_PATH);
        _exit(125);
    }
    close(told[1]);
    int status, error = 0;
    ssize_t count = read(told[0], &error, sizeof error);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != expected) fail("the gate ended otherwise");
    if (refusal ? count != sizeof error || error != refusal : count != 0) fail("the gate told something else");
    close(told[0]);
    close(image);
}

int main(void) {
    alarm(60);
    // What comes before the init is there waits for it.
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    held();
    init(0, 7);
    init(SIGKILL, 128 + SIGKILL);
    gate("/bin/sh", 0, 0);
    gate("/nonexistent/b", 127, ENOENT);
    gate("/dev/null", 126, EACCES);
}
