// The init of a new pid namespace (init(1)): it reaps, forwards signals to the program, and passes its end on. An image of its own, as
// the held process is (hold.c): no library, no data, only the instructions of the section `nssh_init`.
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "image.h"
#include "nssh_child.h"

#define IMAGE NSSH_IMAGE("nssh_init")
// Part of the function that calls it, and so of the image.
#define INLINE static inline __attribute__((always_inline, no_sanitize("all"), no_profile_instrument_function, no_instrument_function))

#if defined __x86_64__
INLINE long call(long number, long a, long b, long c, long d) {
    register long r10 __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}
// The kernel starts an image with the stack pointer at argc.
IMAGE __attribute__((naked)) static void start_init(void) {
    __asm__("xorl %ebp, %ebp\n movq %rsp, %rdi\n andq $-16, %rsp\n call nssh_init_main");
}
#else
INLINE long call(long number, long a, long b, long c, long d) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}
IMAGE __attribute__((naked)) static void start_init(void) {
    __asm__("mov x29, xzr\n mov x0, sp\n bl nssh_init_main");
}
#endif

/// Reaps what has ended; does not return when that was the program.
INLINE void reap(long program) {
    int status;
    long pid;
    while ((pid = call(SYS_wait4, -1, (long)&status, WNOHANG | WUNTRACED | __WALL, 0)) > 0) {
        if (pid != program) continue;
        if (WIFSTOPPED(status)) {
            // ^Z in a program that has no shell to bring it back.
            if (WSTOPSIG(status) == SIGTSTP) call(SYS_kill, program, SIGCONT, 0, 0);
            continue;
        }
        // How exactly it ended goes to nssh: a PID 1 cannot end itself by a signal. Whoever is root here may have filled the pipe, by
        // /proc/1/fd/0: that must not keep PID 1 from ending.
        call(SYS_fcntl, 0, F_SETFL, O_NONBLOCK, 0);
        call(SYS_write, 0, (long)&status, sizeof status, 0);
        call(SYS_exit_group, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), 0, 0, 0);
    }
}

/// `stack`: argc, then the arguments: a name, and the pid of the program in decimal digits.
///
/// All signals are blocked when it starts, so that none is lost, and an init gets those that it has no handler for (pid_namespaces(7)).
IMAGE static _Noreturn void nssh_init_main(const intptr_t *stack) {
    long program = 0;
    for (const char *digit = (const char *)stack[2]; *digit >= '0' && *digit <= '9'; digit++) program = program * 10 + (*digit - '0');
    uint64_t all = ~(uint64_t)0;
    for (;;) {
        reap(program);
        long number = call(SYS_rt_sigtimedwait, (long)&all, 0, 0, sizeof all);
        if (number > 0 && number != SIGCHLD) call(SYS_kill, program, number, 0, 0);
    }
}

extern const char start[] __asm__("__start_nssh_init"), stop[] __asm__("__stop_nssh_init");

int nssh_init_image(void) { return nssh_image("nssh-init", start, stop, start_init); }
