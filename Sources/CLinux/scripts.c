// See nssh_scripts.h.
#include "nssh_scripts.h"
#include <stdio.h>

static const unsigned char demo_types[] = {
#embed "../../Scripts/demo_types.lua"
};
static const unsigned char demo_calls[] = {
#embed "../../Scripts/demo_calls.lua"
};
static const unsigned char demo_setns[] = {
#embed "../../Scripts/demo_setns.lua"
};
static const unsigned char demo_ioctl[] = {
#embed "../../Scripts/demo_ioctl.lua"
};
static const unsigned char demo_inode[] = {
#embed "../../Scripts/demo_inode.lua"
};
static const unsigned char demo_limits[] = {
#embed "../../Scripts/demo_limits.lua"
};
static const unsigned char demo_lifetime[] = {
#embed "../../Scripts/demo_lifetime.lua"
};
static const unsigned char demo_uts[] = {
#embed "../../Scripts/demo_uts.lua"
};
static const unsigned char demo_ipc[] = {
#embed "../../Scripts/demo_ipc.lua"
};
static const unsigned char demo_pid[] = {
#embed "../../Scripts/demo_pid.lua"
};
static const unsigned char demo_mount[] = {
#embed "../../Scripts/demo_mount.lua"
};
static const unsigned char demo_user[] = {
#embed "../../Scripts/demo_user.lua"
};
static const unsigned char demo_net[] = {
#embed "../../Scripts/demo_net.lua"
};
static const unsigned char demo_cgroup[] = {
#embed "../../Scripts/demo_cgroup.lua"
};
static const unsigned char demo_time[] = {
#embed "../../Scripts/demo_time.lua"
};
static const unsigned char demo_changes[] = {
#embed "../../Scripts/demo_changes.lua"
};
static const unsigned char demo_lib[] = {
#embed "../../Scripts/lib/nssh/demo.lua"
};
static const unsigned char demo_cells_lib[] = {
#embed "../../Scripts/lib/nssh/demo/cells.lua"
};
static const unsigned char demo_wrap_lib[] = {
#embed "../../Scripts/lib/nssh/demo/wrap.lua"
};
static const unsigned char demo_words_lib[] = {
#embed "../../Scripts/lib/nssh/demo/words.lua"
};
static const unsigned char demo_bash_lib[] = {
#embed "../../Scripts/lib/nssh/demo/bash.lua"
};
static const unsigned char demo_requirements_lib[] = {
#embed "../../Scripts/lib/nssh/demo/requirements.lua"
};
static const unsigned char demo_typed_lib[] = {
#embed "../../Scripts/lib/nssh/demo/typed.lua"
};
static const unsigned char demo_arrange_lib[] = {
#embed "../../Scripts/lib/nssh/demo/arrange.lua"
};
static const unsigned char demo_scene_lib[] = {
#embed "../../Scripts/lib/nssh/demo/scene.lua"
};
static const unsigned char demo_control_lib[] = {
#embed "../../Scripts/lib/nssh/demo/control.lua"
};
static const unsigned char demo_pstree_lib[] = {
#embed "../../Scripts/lib/nssh/demo/pstree.lua"
};
static const unsigned char demo_arguments_lib[] = {
#embed "../../Scripts/lib/nssh/demo/arguments.lua"
};
static const unsigned char demo_views_lib[] = {
#embed "../../Scripts/lib/nssh/demo/views.lua"
};
static const unsigned char demo_cast_lib[] = {
#embed "../../Scripts/lib/nssh/demo/cast.lua"
};
static const unsigned char demo_markdown_lib[] = {
#embed "../../Scripts/lib/nssh/demo/markdown.lua"
};
static const unsigned char demo_player_lib[] = {
#embed "../../Scripts/lib/nssh/demo/player.lua"
};
static const unsigned char demo_template_lib[] = {
#embed "../../Scripts/lib/nssh/demo/template.lua"
};
static const unsigned char demo_excerpt_lib[] = {
#embed "../../Scripts/lib/nssh/demo/excerpt.lua"
};
static const unsigned char demo_format_lib[] = {
#embed "../../Scripts/lib/nssh/demo/format.lua"
};
static const unsigned char demo_play_lib[] = {
#embed "../../Scripts/lib/nssh/demo/play.lua"
};
static const unsigned char demo_step_lib[] = {
#embed "../../Scripts/lib/nssh/demo/step.lua"
};
static const unsigned char course_lib[] = {
#embed "../../Scripts/lib/nssh/course.lua"
};
static const unsigned char report_lib[] = {
#embed "../../Scripts/lib/nssh/report.lua"
};
static const unsigned char globals_lib[] = {
#embed "../../Scripts/lib/nssh/globals.lua"
};
static const unsigned char strict_lib[] = {
#embed "../../Scripts/lib/nssh/strict.lua"
};

static const struct {
    const char *name;
    /// What `require` calls it; NULL for one that is run.
    const char *module;
    const unsigned char *source;
    size_t size;
} scripts[] = {
    {"demo_types.lua", NULL, demo_types, sizeof demo_types},
    {"demo_calls.lua", NULL, demo_calls, sizeof demo_calls},
    {"demo_setns.lua", NULL, demo_setns, sizeof demo_setns},
    {"demo_ioctl.lua", NULL, demo_ioctl, sizeof demo_ioctl},
    {"demo_inode.lua", NULL, demo_inode, sizeof demo_inode},
    {"demo_limits.lua", NULL, demo_limits, sizeof demo_limits},
    {"demo_lifetime.lua", NULL, demo_lifetime, sizeof demo_lifetime},
    {"demo_uts.lua", NULL, demo_uts, sizeof demo_uts},
    {"demo_ipc.lua", NULL, demo_ipc, sizeof demo_ipc},
    {"demo_pid.lua", NULL, demo_pid, sizeof demo_pid},
    {"demo_mount.lua", NULL, demo_mount, sizeof demo_mount},
    {"demo_user.lua", NULL, demo_user, sizeof demo_user},
    {"demo_net.lua", NULL, demo_net, sizeof demo_net},
    {"demo_cgroup.lua", NULL, demo_cgroup, sizeof demo_cgroup},
    {"demo_time.lua", NULL, demo_time, sizeof demo_time},
    {"demo_changes.lua", NULL, demo_changes, sizeof demo_changes},
    {"lib/nssh/demo.lua", "nssh.demo", demo_lib, sizeof demo_lib},
    {"lib/nssh/demo/cells.lua", "nssh.demo.cells", demo_cells_lib, sizeof demo_cells_lib},
    {"lib/nssh/demo/wrap.lua", "nssh.demo.wrap", demo_wrap_lib, sizeof demo_wrap_lib},
    {"lib/nssh/demo/words.lua", "nssh.demo.words", demo_words_lib, sizeof demo_words_lib},
    {"lib/nssh/demo/bash.lua", "nssh.demo.bash", demo_bash_lib, sizeof demo_bash_lib},
    {"lib/nssh/demo/requirements.lua", "nssh.demo.requirements", demo_requirements_lib, sizeof demo_requirements_lib},
    {"lib/nssh/demo/typed.lua", "nssh.demo.typed", demo_typed_lib, sizeof demo_typed_lib},
    {"lib/nssh/demo/arrange.lua", "nssh.demo.arrange", demo_arrange_lib, sizeof demo_arrange_lib},
    {"lib/nssh/demo/scene.lua", "nssh.demo.scene", demo_scene_lib, sizeof demo_scene_lib},
    {"lib/nssh/demo/control.lua", "nssh.demo.control", demo_control_lib, sizeof demo_control_lib},
    {"lib/nssh/demo/pstree.lua", "nssh.demo.pstree", demo_pstree_lib, sizeof demo_pstree_lib},
    {"lib/nssh/demo/arguments.lua", "nssh.demo.arguments", demo_arguments_lib, sizeof demo_arguments_lib},
    {"lib/nssh/demo/views.lua", "nssh.demo.views", demo_views_lib, sizeof demo_views_lib},
    {"lib/nssh/demo/cast.lua", "nssh.demo.cast", demo_cast_lib, sizeof demo_cast_lib},
    {"lib/nssh/demo/markdown.lua", "nssh.demo.markdown", demo_markdown_lib, sizeof demo_markdown_lib},
    {"lib/nssh/demo/player.lua", "nssh.demo.player", demo_player_lib, sizeof demo_player_lib},
    {"lib/nssh/demo/template.lua", "nssh.demo.template", demo_template_lib, sizeof demo_template_lib},
    {"lib/nssh/demo/excerpt.lua", "nssh.demo.excerpt", demo_excerpt_lib, sizeof demo_excerpt_lib},
    {"lib/nssh/demo/format.lua", "nssh.demo.format", demo_format_lib, sizeof demo_format_lib},
    {"lib/nssh/demo/play.lua", "nssh.demo.play", demo_play_lib, sizeof demo_play_lib},
    {"lib/nssh/demo/step.lua", "nssh.demo.step", demo_step_lib, sizeof demo_step_lib},
    {"lib/nssh/course.lua", "nssh.course", course_lib, sizeof course_lib},
    {"lib/nssh/report.lua", "nssh.report", report_lib, sizeof report_lib},
    {"lib/nssh/globals.lua", "nssh.globals", globals_lib, sizeof globals_lib},
    {"lib/nssh/strict.lua", "nssh.strict", strict_lib, sizeof strict_lib},
};

int nssh_script_count(void) { return (int)(sizeof scripts / sizeof *scripts); }
const char *nssh_script_name(int index) { return scripts[index].name; }
const char *nssh_script_module(int index) { return scripts[index].module; }
const void *nssh_script_source(int index, size_t *size) {
    *size = scripts[index].size;
    return scripts[index].source;
}
void nssh_write_out(const void *bytes, size_t size) { fwrite(bytes, 1, size, stdout); }
