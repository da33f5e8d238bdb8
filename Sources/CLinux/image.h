// See image.c.
#pragma once

/// For each function of an image: it lies in the image's section, though nothing refers to it, and has no call and no reference to anything
/// outside of that, whatever the compiler is told to put into every function. (Tools/check-images.sh looks at what came of it. What no
/// attribute forbids, tables of jumps, a flag does: Package.swift.)
#define NSSH_IMAGE(section_name)                                                                                       \
    __attribute__((section(section_name), used, retain, no_sanitize("all"), no_stack_protector, no_builtin,            \
                   no_profile_instrument_function, no_instrument_function, disable_sanitizer_instrumentation))

/// A sealed memfd with the program whose instructions are from `start` to `stop`; execution begins at `entry`, one of them. Close-on-exec; -1
/// with errno.
int nssh_image(const char *name, const char *start, const char *stop, void (*entry)(void));
