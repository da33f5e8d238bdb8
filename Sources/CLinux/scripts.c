// See nssh_scripts.h.
#include "nssh_scripts.h"
#include <stdio.h>

static const unsigned char demo_uts[] = {
#embed "../../Scripts/demo_uts.lua"
};
static const unsigned char demo_lib[] = {
#embed "../../Scripts/lib/nssh/demo.lua"
};

static const struct {
    const char *name;
    const unsigned char *source;
    size_t size;
} scripts[] = {
    {"demo_uts.lua", demo_uts, sizeof demo_uts},
    {"lib/nssh/demo.lua", demo_lib, sizeof demo_lib},
};

int nssh_script_count(void) { return (int)(sizeof scripts / sizeof *scripts); }
const char *nssh_script_name(int index) { return scripts[index].name; }
const void *nssh_script_source(int index, size_t *size) {
    *size = scripts[index].size;
    return scripts[index].source;
}
void nssh_write_out(const void *bytes, size_t size) { fwrite(bytes, 1, size, stdout); }
void nssh_flush_out(void) { fflush(stdout); }
