// floors NAME COUNT [MEGABYTES] [user]: repeats an operation and prints the microseconds that one takes.
#include "floor.h"
#include <sched.h>
#include <time.h>

int user_flag;

static const struct {
    const char *name;
    prepare *prepare;
    operate *operate;
} floors[] = {
    {"run", NULL, run_true},          {"run_captured", NULL, run_true_captured},
    {"held", prepare_held, held},     {"call", NULL, fork_and_value},
    {"inodes", prepare_inodes, inodes}, {"setns", prepare_there_and_back, there_and_back},
    {"scan", prepare_scan, scan},
};

static double microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/// Memory in blocks of the size of Lua's strings in the other benchmark, written to, so that it is resident.
static void fill(long megabytes) {
    for (long i = 0; i < megabytes * 1024; i++) {
        char *block = malloc(1000);
        if (!block) DIE("malloc");
        memset(block, 'x', 1000);
    }
}

int main(int count, char **arguments) {
    if (count < 3) {
        fputs("usage: floors NAME COUNT [MEGABYTES] [user]\n", stderr);
        return 2;
    }
    long rounds = atol(arguments[2]);
    if (strcmp(arguments[1], "sleepers") == 0) {
        sleepers(rounds);
        return 0;
    }
    if (count > 3) fill(atol(arguments[3]));
    if (count > 4 && strcmp(arguments[4], "user") == 0) {
        user_flag = CLONE_NEWUSER;
        prepare_map();
    }
    for (size_t i = 0; i < sizeof floors / sizeof *floors; i++) {
        if (strcmp(floors[i].name, arguments[1]) != 0) continue;
        if (floors[i].prepare) floors[i].prepare();
        for (long warm = 0; warm < rounds / 10 + 1; warm++) floors[i].operate();
        double start = microseconds();
        for (long round = 0; round < rounds; round++) floors[i].operate();
        printf("%.3f\n", (microseconds() - start) / (double)rounds);
        return 0;
    }
    fprintf(stderr, "floors: no floor '%s'\n", arguments[1]);
    return 2;
}
