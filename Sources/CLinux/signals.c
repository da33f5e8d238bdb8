// See nssh_signals.h.
#include "nssh_signals.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include "nssh_lua.h"
#include "nssh_sys.h"

/// While one handler runs, the others wait. No SA_RESTART: waits end with EINTR.
static void handle(int signal, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler};
    sigfillset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

/// What was ignored when nssh started stays ignored.
static void handle_unless_ignored(int signal, void (*handler)(int)) {
    if (!nssh_signal_is_ignored(signal)) handle(signal, handler);
}

void nssh_end_by_signal(int signal) {
    nssh_reset_signal(signal);
    raise(signal);
}

// ---- interrupts -------------------------------------------------------------------------------------------------

/// The state whose code is interrupted.
static lua_State *volatile state;
static volatile sig_atomic_t fatal;
/// When the fatal signal came. Handlers alone use it.
static struct timespec fatal_since;

/// SIGALRM twenty times a second, or no more.
static void repeat_alarm(bool on) {
    const struct timeval step = {0, on ? 50000 : 0};
    const struct itimerval timer = {step, step};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/// A fatal signal. Code in C that does not listen (a pattern that matches for ever) is ended by another one a second later; children die with
/// nssh. Two at once are one: a terminal that closes sends more than one.
static void note_fatal(int signal) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!fatal) {
        fatal_since = now;
        fatal = signal;
        return;
    }
    long long nanoseconds = (now.tv_sec - fatal_since.tv_sec) * 1000000000LL + now.tv_nsec - fatal_since.tv_nsec;
    if (nanoseconds > 1000000000) nssh_end_by_signal(fatal);
}

static void interrupt(int signal) {
    int error = errno;
    if (signal != SIGINT) note_fatal(signal);
    lua_State *L = state;
    if (L) nssh_lua_interrupt(L);
    repeat_alarm(true);
    errno = error;
}

/// A signal between a look at the flag and a read(2) would be lost on that read: it is said again until somebody listens.
static void say_again(int) {
    int error = errno;
    lua_State *L = state;
    if (!L || !nssh_lua_interrupted(L)) repeat_alarm(false);
    errno = error;
}

void nssh_catch_interrupts(lua_State *L) {
    state = L;
    nssh_reset_signal(SIGCHLD);
    handle_unless_ignored(SIGINT, interrupt);
    handle_unless_ignored(SIGTERM, interrupt);
    handle_unless_ignored(SIGHUP, interrupt);
    handle(SIGALRM, say_again);
}

void nssh_forget_interrupts(const lua_State *L) {
    if (state == L) state = NULL;
}

int nssh_fatal_signal(void) { return fatal; }

// ---- beside a program -------------------------------------------------------------------------------------------

/// The program's pidfd; -1 before it is there.
static volatile sig_atomic_t attended = -1;
/// A signal that came before.
static volatile sig_atomic_t pending;

static void stay(int) {}

static void pass_on(int signal) {
    int error = errno;
    if (attended < 0) pending = signal;
    else nssh_pidfd_send_signal(attended, signal);
    errno = error;
}

void nssh_prepare_to_attend(void) {
    nssh_reset_signal(SIGCHLD);
    handle_unless_ignored(SIGINT, stay);
    handle_unless_ignored(SIGQUIT, stay);
    handle_unless_ignored(SIGTERM, pass_on);
    handle_unless_ignored(SIGHUP, pass_on);
}

void nssh_attend(int pidfd) {
    attended = pidfd;
    if (pending) nssh_pidfd_send_signal(pidfd, pending);
}

// ---- pipes ------------------------------------------------------------------------------------------------------

static void broken_pipe(int signal) {
    int error = errno;
    struct pollfd output = {1, POLLOUT, 0};
    if (poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP))) nssh_end_by_signal(signal);
    errno = error;
}

void nssh_survive_broken_pipes(void) { handle_unless_ignored(SIGPIPE, broken_pipe); }
