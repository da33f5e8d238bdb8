// Takes the place of the Swift runtime's crash reporter. That one looks for a program named swift-backtrace at every start,
// in the current directory too when nssh was found through PATH, and runs it, as root perhaps, when nssh crashes on a
// terminal. Weak: where a runtime names things otherwise, its own come in and nothing clashes. All zero means off.
__attribute__((weak)) _Alignas(64) char _swift_backtraceSettings[1024];
__attribute__((weak)) _Bool _swift_spawnBacktracer(void *argv) { (void)argv; return 0; }
__attribute__((weak)) void _swift_displayCrashMessage(int signal, const void *pc) { (void)signal; (void)pc; }
__attribute__((weak)) _Bool _swift_backtrace_isThunkFunction(const char *name) { (void)name; return 0; }
