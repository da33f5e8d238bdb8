// The last step into a mnt namespace or root of others, as an image of its own (image.h): what executes their programs must not be nssh. A
// script with the first line `#!/proc/self/exe` would run nssh's own file in there, and whoever is root there could then write to that
// (CVE-2019-5736). So the child executes this image, which executes the program: /proc/self/exe is a sealed memfd then.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/syscall.h>
#include "image.h"
#include "nssh_child.h"

#define IMAGE NSSH_IMAGE("nssh_gate")
#define INLINE static inline __attribute__((always_inline, no_sanitize("all"), no_profile_instrument_function, no_instrument_function))

#if defined __x86_64__
INLINE long call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
IMAGE __attribute__((naked)) static void start_gate(void) {
    __asm__("xorl %ebp, %ebp\n movq %rsp, %rdi\n andq $-16, %rsp\n call nssh_gate_main");
}
#else
INLINE long call(long number, long a, long b, long c) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
IMAGE __attribute__((naked)) static void start_gate(void) {
    __asm__("mov x29, xzr\n mov x0, sp\n bl nssh_gate_main");
}
#endif

/// `stack`: argc, then the arguments: the number of a descriptor for the errno, or a text for standard error; the paths to be tried; an empty
/// one; the arguments of the program. After their NULL comes its environment.
IMAGE static _Noreturn void nssh_gate_main(const intptr_t *stack) {
    const intptr_t *candidate = stack + 2, *arguments = candidate;
    while (*arguments && *(const char *)*arguments) arguments++;
    if (*arguments) {
        arguments++;
        const intptr_t *environment = arguments;
        while (*environment) environment++;
        environment++;
        const char *report = (const char *)stack[1];
        long descriptor = 0, size = 0;
        for (; report[size] >= '0' && report[size] <= '9'; size++) descriptor = descriptor * 10 + (report[size] - '0');
        const int isNumber = size > 0 && !report[size];
        while (report[size]) size++;
        if (isNumber) call(SYS_fcntl, descriptor, F_SETFD, FD_CLOEXEC);
        // As exec_first of child.c.
        int error = ENOENT;
        const int isLone = !*(const char *)candidate[1];
        for (; *(const char *)*candidate; candidate++) {
            int refusal = (int)-call(SYS_execve, *candidate, (long)arguments, (long)environment);
            if (refusal != ENOENT && refusal != ENOTDIR && refusal != EACCES) {
                error = refusal;
                break;
            }
            if (refusal == EACCES || isLone) error = refusal;
        }
        if (isNumber) call(SYS_write, descriptor, (long)&error, sizeof error);
        else call(SYS_write, 2, (long)report, size);
        call(SYS_exit_group, error == ENOENT ? 127 : 126, 0, 0);
    }
    for (;;) call(SYS_exit_group, 127, 0, 0);
}

extern const char start[] __asm__("__start_nssh_gate"), stop[] __asm__("__stop_nssh_gate");

int nssh_gate_image(void) { return nssh_image("nssh-gate", start, stop, start_gate); }
