// Into another uts namespace and back.
#include "floor.h"
#include <fcntl.h>
#include <sched.h>

static int here, there;

static int open_uts(void) {
    int file = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
    if (file < 0) DIE("/proc/self/ns/uts");
    return file;
}

void prepare_there_and_back(void) {
    // An ordinary user needs a user namespace that owns both.
    if (user_flag) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWUTS) < 0) DIE("unshare");
        map_root();
    }
    here = open_uts();
    if (unshare(CLONE_NEWUTS) < 0) DIE("unshare");
    there = open_uts();
}

void there_and_back(void) {
    if (setns(there, CLONE_NEWUTS) < 0 || setns(here, CLONE_NEWUTS) < 0) DIE("setns");
}
