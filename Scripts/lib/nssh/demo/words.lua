-- What the player itself says, in each language that it speaks, and the choice of the language.
local words = {}

words.languages = { en = true, zh = true }

words.en = {
  expected = "expected: ",
  observed = "observed: ",
  guess = "your guess: ",
  skipped = "skipped: ",
  step_skipped = "this step is skipped: ",
  long_output = "… and %d lines that are not about this",
  left_nothing = "left behind: nothing",
  left_behind = "left behind:",
  left_by_others = "come since, of other programs as it seems:",
  claim_nothing_left = "nothing is left behind on this machine",
  claim_to_its_end = "the demonstration runs to its end",
  claim_clean_up = "the clean-up of step %d works",
  claim_controlled = "step %d, which isolates, has a check that depends on it",
  control = "control: without %s, «%s» fails",
  control_others = "control: without %s, no other check fails",
  control_left = "control: without %s, nothing is left behind",
  it_read = "it read:\n",
  depends_missing = "depends = … is missing",
  control_not_reached = "it was not reached",
  control_holds = "it holds without that too",
  control_crash = "it broke before it could say so: ",
  control_others_fail = "these fail too, and do not say that they depend on it:",
  added = 'You have no power to make these namespaces, so nssh adds user = "root": a user namespace of your own. (At the prompt: \z
    ns.unshare{ user = "root" } first.)',
  missing = "%s is missing: Debian package %s",
  missing_no_package = "%s is missing",
  forbidden = "this machine forbids it: %s: %s",
  no_setting = "no setting that was read explains it",
  seccomp = "a seccomp filter is on (/proc/self/status)",
  mounted_over = "%s is mounted over",
  needs_root = "it needs root: sudo nssh %s",
  needs_kernel = "it needs Linux %s, this is %s: a newer kernel",
  needs_feature = "this kernel lacks %s: %s (since Linux %s)",
  needs_type = "this kernel has no namespaces of the type %s",
  needs_unmet = "what it needs is not here",
  hint_before = "Enter: run it   p: predict   k: calls   !: shell   l: list   q: quit   ?: keys",
  hint_after = "Enter: go on   w: why   b: again   k: calls   !: shell   l: list   q: quit   ?: keys",
  keys = [[
Enter, space  run the step, then go on
p             predict what will come, before the step
w             why it is so, after the step
b             play this step again, as if for the first time
k             the kernel calls behind it
!             a shell of your own inside; exit comes back
l             list the steps
q             quit, and clean up]],
  what_will_come = "What will it print?",
  why_later = "First run it: Enter. Then w says why.",
  again_later = "It has not been played yet.",
  predict_before = "It has been played: b plays it again, and before that p predicts.",
  no_why = "Nothing more is to be said about this step.",
  calls_later = "They are known when it has run.",
  calls_of_others = "The programs that the shell runs make them, not nssh: strace(1) shows those.",
  shell_inside = "A shell of your own inside. exit comes back.",
  shell_outside = "Nothing has been entered yet: a shell of your own outside. exit comes back.",
  shell_back = "Back in the lesson.",
  course_list = "The lessons in their order. One: nssh demo_uts.lua. All: nssh --course",
  course_title = "The course",
  course_preface = "Written by `nssh --course --md FILE` as the lessons were played. The numbers of processes and namespaces are those \z
    of that run.",
  course_table = "| the article | lesson | checks | controls: without it, so many of them must fail |",
  course_resume = "Enter: go on with lesson %d   1: from the beginning   q: quit",
  course_next = "Enter: lesson %d of %d, %s   q: quit",
  course_end = "That was the last lesson.",
  course_passed = "passed: ",
  course_skipped = "skipped: ",
  course_failed = "FAILED: ",
  course_forgets = "(Where you are cannot be remembered: %s)",
  usage_list = "usage: nssh --list [--lang en|zh]\n",
  usage_course = [[
usage: nssh --course [options]
All lessons, one after the other. It remembers where you were.

  --auto        play without waiting for a key, from the first to the last
  --md FILE     the same, and write a transcript in Markdown to FILE
  --lang en|zh  the language; otherwise that of LC_ALL, LC_MESSAGES or LANG
  --help        print this
]],
  usage = [[
usage: nssh %s [options]
%s

  --auto        play without waiting for a key, as it does without a terminal
  --check       play as a test: TAP 14, with negative controls
  --cast FILE   play without waiting, and record asciicast v2 in FILE
  --md FILE     play without waiting, and write a transcript in Markdown to FILE
  --lang en|zh  the language; otherwise that of LC_ALL, LC_MESSAGES or LANG
  --help        print this
]],
}

words.zh = {
  expected = "预期：",
  observed = "实际：",
  guess = "你的猜测：",
  skipped = "跳过：",
  step_skipped = "跳过这一步：",
  long_output = "…… 另有 %d 行与此无关",
  left_nothing = "遗留：无",
  left_behind = "遗留：",
  left_by_others = "期间新出现的，看来属于其他程序：",
  claim_nothing_left = "本机上没有遗留任何东西",
  claim_to_its_end = "演示运行到底",
  claim_clean_up = "第 %d 步的清理成功",
  claim_controlled = "第 %d 步做了隔离，有检查项依赖于它",
  control = "对照：没有 %s，“%s”不成立",
  control_others = "对照：没有 %s，其他检查项都成立",
  control_left = "对照：没有 %s，没有遗留任何东西",
  it_read = "读到的是：\n",
  depends_missing = "缺少 depends = …",
  control_not_reached = "没有执行到这一项",
  control_holds = "没有它也成立",
  control_crash = "还没有得出结论就出错了：",
  control_others_fail = "下列检查项也不成立，却没有声明依赖于它：",
  added = '你没有权限创建这些 namespace，所以 nssh 加上了 user = "root"，即一个属于你自己的 user namespace。\z
    （在提示符下，请先输入 ns.unshare{ user = "root" }。）',
  missing = "缺少 %s：Debian 软件包 %s",
  missing_no_package = "缺少 %s",
  forbidden = "本机不允许：%s：%s",
  no_setting = "读到的设置都无法解释这一点",
  seccomp = "seccomp 过滤器已启用（/proc/self/status）",
  mounted_over = "%s 被其他挂载盖住",
  needs_root = "需要 root：sudo nssh %s",
  needs_kernel = "需要 Linux %s，这里是 %s：请使用更新的内核",
  needs_feature = "内核不支持 %s：%s（Linux %s 起支持）",
  needs_type = "内核没有 %s 这种类型的 namespace",
  needs_unmet = "所需的条件不满足",
  hint_before = "Enter 执行   p 预测   k 系统调用   ! shell   l 列表   q 退出   ? 按键",
  hint_after = "Enter 继续   w 原因   b 重来   k 系统调用   ! shell   l 列表   q 退出   ? 按键",
  keys = [[
Enter、空格  执行这一步，然后继续
p            执行之前，先预测结果
w            执行之后，解释原因
b            把这一步重做一遍，之前的状态会重新准备好
k            背后的内核调用
!            在 namespace 里打开自己的 shell；用 exit 返回
l            列出所有步骤
q            退出并清理]],
  what_will_come = "它会输出什么？",
  why_later = "请先按 Enter 执行，再按 w 查看原因。",
  again_later = "这一步还没有执行过。",
  predict_before = "这一步已经执行过了：按 b 重做，重做之前可以按 p 预测。",
  no_why = "这一步没有更多说明。",
  calls_later = "执行之后才知道。",
  calls_of_others = "这些调用由 shell 里的程序发出，不是 nssh：请用 strace(1) 查看。",
  shell_inside = "这是你自己的 shell，在 namespace 里面。用 exit 返回。",
  shell_outside = "还没有进入任何 namespace：这是外面的 shell。用 exit 返回。",
  shell_back = "回到课程。",
  course_list = "按顺序排列的课程。学一课：nssh demo_uts.lua。全部：nssh --course",
  course_title = "课程",
  course_preface = "由 `nssh --course --md FILE` 在播放课程时写成。进程号和 inode 号是那一次运行时的。",
  course_table = "| 文章章节 | 课程 | 检查项 | 对照：没有它，有几项必须不成立 |",
  course_resume = "Enter 继续第 %d 课   1 从头开始   q 退出",
  course_next = "Enter 第 %d 课（共 %d 课），%s   q 退出",
  course_end = "全部课程到此结束。",
  course_passed = "通过：",
  course_skipped = "跳过：",
  course_failed = "失败：",
  course_forgets = "（无法记住学到哪里：%s）",
  usage_list = "用法：nssh --list [--lang en|zh]\n",
  usage_course = [[
用法：nssh --course [选项]
依次学习全部课程，并记住学到哪里。

  --auto        自动播放全部课程，不等待按键
  --md FILE     同上，并把过程以 Markdown 格式写入 FILE
  --lang en|zh  语言；缺省取自 LC_ALL、LC_MESSAGES 或 LANG
  --help        显示本帮助
]],
  usage = [[
用法：nssh %s [选项]
%s

  --auto        自动播放，不等待按键
  --check       作为测试运行：TAP 14，含反向对照
  --cast FILE   自动播放，并以 asciicast v2 格式录制到 FILE
  --md FILE     自动播放，并把过程以 Markdown 格式写入 FILE
  --lang en|zh  语言；缺省取自 LC_ALL、LC_MESSAGES 或 LANG
  --help        显示本帮助
]],
}

-- The language of the locale: LC_ALL, LC_MESSAGES, LANG, the first that says anything.
function words.language()
  for _, name in ipairs{ "LC_ALL", "LC_MESSAGES", "LANG" } do
    local value = sys.env(name)
    if value and value ~= "" then return value:find("^zh") and "zh" or "en" end
  end
  return "en"
end

-- A lesson's text in a language: a string is English, a table has both (or the one that there is), a function of the scene returns
-- one of these. nil stays nil.
function words.pick(text, language, scene)
  if type(text) == "function" then text = text(scene) end
  if type(text) == "table" then text = text[language] or text.en or text.zh end
  return text
end

return words
