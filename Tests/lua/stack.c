// stack N DIR: in the caller's mnt namespace, N mounts on top of each other at DIR, each on the root of the one before, so that it takes no
// time; on the last one a uts namespace that nothing else holds. Prints what that is called, and waits for the end of its input.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static long check(long result, const char *what) {
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

int main(int count, char **words) {
    if (count != 3) return 2;
    long number = atol(words[1]);
    const char *directory = words[2];
    char name[64] = "", path[64];
    check(unshare(CLONE_NEWUTS), "unshare");
    check(readlink("/proc/self/ns/uts", name, sizeof name - 1), "readlink");
    int uts = (int)check(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), "open");
    check(mount("none", directory, "tmpfs", 0, NULL), "mount");
    int top = (int)check(open(directory, O_PATH | O_CLOEXEC), "open");
    close((int)check(openat(top, "pin", O_RDONLY | O_CREAT | O_CLOEXEC, 0444), "open"));
    check(mkdirat(top, "down", 0755), "mkdir");
    for (long i = 1; i < number; i++) {
        // A path to the directory goes up the whole stack; back from a directory below, it is one step.
        snprintf(path, sizeof path, "/proc/self/fd/%d", top);
        check(mount(path, path, NULL, MS_BIND, NULL), "bind");
        int next = (int)check(openat(top, "down/..", O_PATH | O_CLOEXEC), "open");
        close(top);
        top = next;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d/pin", top);
    char from[64];
    snprintf(from, sizeof from, "/proc/self/fd/%d", uts);
    check(mount(from, path, NULL, MS_BIND, NULL), "bind");
    check(unshare(CLONE_NEWUTS), "unshare");
    close(uts);
    close(top);
    puts(name);
    fflush(stdout);
    char byte;
    while (read(0, &byte, 1) > 0) {}
    return 0;
}
