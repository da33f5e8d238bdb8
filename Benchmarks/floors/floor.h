// What the floors share: C programs that do with bare system calls what nssh's benchmarks do through Lua.
#pragma once
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/// Ends the program: what failed, and why.
#define DIE(what) (fprintf(stderr, "floors: %s: %s\n", what, strerror(errno)), exit(1))

/// Makes the operation ready to be repeated.
typedef void prepare(void);
/// One operation.
typedef void operate(void);

/// CLONE_NEWUSER where new namespaces need a user namespace (an ordinary user's), else 0.
extern int user_flag;
/// In the child: maps the own ids to root where there is a new user namespace.
void map_root(void);
/// clone(2) on a stack of its own, with CLONE_VM and CLONE_VFORK: the caller stands still until exec.
pid_t spawn(int flags, int (*child)(void *), void *argument);
/// waitpid(2).
void reap(pid_t pid);

operate run_true, run_true_captured, held, fork_and_value, inodes, there_and_back, scan;
prepare prepare_map, prepare_held, prepare_inodes, prepare_there_and_back, prepare_scan;
/// Makes so many processes that sleep, and waits for the end of the input.
void sleepers(long count);
