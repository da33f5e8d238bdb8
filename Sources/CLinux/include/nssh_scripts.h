// The scripts that the binary carries. A new one is a line in scripts.c; a test compares that with the folder.
#pragma once
#include <stddef.h>

int nssh_script_count(void);
const char *nssh_script_name(int index);
/// What `require` calls a script; NULL for one that is run.
const char *nssh_script_module(int index);
const void *nssh_script_source(int index, size_t *size);
/// fwrite(3) to stdout.
void nssh_write_out(const void *bytes, size_t size);
