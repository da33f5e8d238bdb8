// A place of somebody else's: a mnt namespace or a root directory that this process has joined. Whoever was there before has put the files
// there, so none of them may become a part of nssh: no library, locale, character set, time zone or module, and no name service, whose
// configuration names libraries. One process, one answer: Foreign.swift says when it changes.
#pragma once
#include <stdbool.h>
#include <stdio.h>

/// Whether this process is in such a place. A copy has the answer of the process that it was made of.
bool nssh_is_foreign(void);
/// To be called where the files are still nssh's own: loads what the C library reads at the first need only, a time zone and a character set.
void nssh_foreign_prepare(void);
/// The process is there now.
void nssh_foreign_begin(void);
/// The process has come back.
void nssh_foreign_end(void);

/// A /proc of this process's own pid namespace to be used in such a place: its O_PATH descriptor, close-on-exec; -1 with errno where there is
/// none. With `may_mount` one that is mounted nowhere, if the kernel lets it; else what is mounted at /proc, if it is that.
int nssh_foreign_proc(bool may_mount);

/// system(3), popen(3), pclose(3): the same, but that in such a place the shell is executed through the gate (nssh_child.h).
int nssh_system(const char *command);
FILE *nssh_popen(const char *command, const char *mode);
int nssh_pclose(FILE *stream);

/// Takes note of the descriptors from 3 up that nssh was started with: its own, and those of Lua's files, are close-on-exec. `proc` is a
/// descriptor of /proc.
void nssh_note_inherited(int proc);
/// In a copy of nssh: closes them.
void nssh_close_inherited(void);
