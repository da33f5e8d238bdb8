// Takes the place of the Swift runtime's search for argc and argv, which reads /proc/self/maps at every start, by what the C
// library gives (see nssh_argc). Weak, as in swift_backtrace.c.
#include "nssh_sys.h"

char **_swift_stdlib_getUnsafeArgvArgc(int *count);
void _swift_stdlib_overrideUnsafeArgvArgc(char **values, int count);

__attribute__((weak)) char **_swift_stdlib_getUnsafeArgvArgc(int *count) {
    *count = nssh_argc();
    return nssh_argv();
}
__attribute__((weak)) void _swift_stdlib_overrideUnsafeArgvArgc(char **values, int count) { (void)values, (void)count; }
