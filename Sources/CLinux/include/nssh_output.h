// Standard streams: holes among them are filled, and output that could not be written is an error at the end, however nssh ends.
#pragma once

/// Makes exit(3) look, last of all, at whether all of standard output has been written. If not, it says so, and a status of 0 becomes
/// `trouble`. (A reader that has gone ends nssh by SIGPIPE, unless that is ignored.)
void nssh_watch_output(int trouble);
/// Writes out what is still to be written on standard output, and remembers why that failed: the stream does not. Whether all of it has
/// ever been written: 0, or -1 with errno. fflush(3)
int nssh_flush_out(void);
/// The same for all streams.
void nssh_flush_all(void);
/// In a copy of the process: what its original could not write is not the copy's to write, nor its trouble.
void nssh_forget_output(void);
/// Opens what a closed stream can be: /dev/null, for reading only, and where there is none (a root without /dev) a file in memory that is at
/// its end and cannot be written. What is written there is lost, and has to fail. Nothing that leads anywhere: children inherit it. Stays
/// open at exec; -1 with errno.
int nssh_open_nothing(void);
