// See image.c.
#pragma once

/// A sealed memfd with the program whose instructions are from `start` to `stop`; execution begins at `start`. Close-on-exec; -1 with
/// errno.
int nssh_image(const char *name, const char *start, const char *stop);
