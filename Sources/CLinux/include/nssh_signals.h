// The handlers of signals. They are C, since a handler comes between any two instructions: Swift would retain, release and initialise there.
// Nothing takes a handler from outside, so that none can be Swift.
#pragma once
#include <lua.h>

/// From now on SIGINT, SIGTERM and SIGHUP interrupt the code that runs in this state, until it is closed, but for those that nssh was started
/// to ignore. SIGCHLD is default again: inherited from a parent that ignored it, it would make the kernel reap nssh's children.
void nssh_catch_interrupts(lua_State *L);
/// No handler uses this state any more: its memory goes.
void nssh_forget_interrupts(const lua_State *L);
/// The SIGTERM or SIGHUP that has come and is to end nssh; 0 before.
int nssh_fatal_signal(void);
/// Ends the process by a signal, so that its parent sees that; returns where the signal is blocked or ends nobody.
void nssh_end_by_signal(int signal);

/// What nssh does beside a program that it is to start for a shell: SIGINT and SIGQUIT, which the terminal sends to both, do not end it, and
/// SIGTERM and SIGHUP are for the program. What nssh was started to ignore stays ignored; a program inherits no handler. SIGCHLD as above.
void nssh_prepare_to_attend(void);
/// The program is there: SIGTERM and SIGHUP go to its pidfd, one that has come before too.
void nssh_attend(int pidfd);

/// From now on a pipe without reader is an error of write(2), EPIPE; standard output without one is still nssh's end, by SIGPIPE.
void nssh_survive_broken_pipes(void);
