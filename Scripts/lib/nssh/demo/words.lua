-- What the player itself says, in each language that it speaks, and the choice of the language.
local words = {}

words.languages = { en = true, zh = true }

words.en = {
  expected = "expected: ",
  observed = "observed: ",
  guess = "your guess: ",
  why = "why: ",
  skipped = "skipped: ",
  step_skipped = "this step is skipped: ",
  long_output = "… and %d lines that are not about this",
  left_nothing = "left behind: nothing",
  left_behind = "left behind:",
  claim_nothing_left = "nothing is left behind on this machine",
  claim_to_its_end = "the demonstration runs to its end",
  claim_clean_up = "the clean-up of step %d works",
  claim_controlled = "step %d, which isolates, has a check that depends on it",
  control = "control: without %s, «%s» fails",
  control_others = "control: without %s, no other check fails",
  control_left = "control: without %s, nothing is left behind",
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
  needs_root = "it needs root: sudo nssh %s",
  needs_kernel = "it needs Linux %s, this is %s: a newer kernel",
  needs_feature = "this kernel lacks %s: %s (since Linux %s)",
  needs_unmet = "what it needs is not here",
  usage = [[
usage: nssh %s [options]
%s

  --auto        play without waiting for a key
  --check       play as a test: TAP 14, with negative controls
  --cast FILE   play without waiting, and record asciicast v2 in FILE
  --md FILE     play without waiting, and write a transcript in Markdown to FILE
  --lang en|zh  the language; otherwise that of LC_ALL, LC_MESSAGES or LANG
  --help        print this
]],
}

words.zh = {
  expected = "预期:",
  observed = "实际:",
  guess = "你的猜测:",
  why = "原因:",
  skipped = "跳过:",
  step_skipped = "跳过这一步:",
  long_output = "…… 另有 %d 行与此无关",
  left_nothing = "遗留:无",
  left_behind = "遗留:",
  claim_nothing_left = "本机上没有遗留任何东西",
  claim_to_its_end = "演示运行到底",
  claim_clean_up = "第 %d 步的清理成功",
  claim_controlled = "第 %d 步做了隔离,有检查项依赖于它",
  control = "对照:没有 %s,“%s”不成立",
  control_others = "对照:没有 %s,其他检查项都成立",
  control_left = "对照:没有 %s,没有遗留任何东西",
  control_not_reached = "没有执行到这一项",
  control_holds = "没有它也成立",
  control_crash = "还没有得出结论就出错了:",
  control_others_fail = "下列检查项也不成立,却没有声明依赖于它:",
  added = '你没有权限创建这些 namespace,所以 nssh 加上了 user = "root",即一个属于你自己的 user namespace。\z
    (在提示符下,请先输入 ns.unshare{ user = "root" }。)',
  missing = "缺少 %s:Debian 软件包 %s",
  missing_no_package = "缺少 %s",
  forbidden = "本机不允许:%s:%s",
  no_setting = "读到的设置都无法解释这一点",
  needs_root = "需要 root:sudo nssh %s",
  needs_kernel = "需要 Linux %s,这里是 %s:请使用更新的内核",
  needs_feature = "内核不支持 %s:%s(Linux %s 起支持)",
  needs_unmet = "所需的条件不满足",
  usage = [[
用法:nssh %s [选项]
%s

  --auto        自动播放,不等待按键
  --check       作为测试运行:TAP 14,含反向对照
  --cast FILE   自动播放,并以 asciicast v2 格式录制到 FILE
  --md FILE     自动播放,并把过程以 Markdown 格式写入 FILE
  --lang en|zh  语言;缺省取自 LC_ALL、LC_MESSAGES 或 LANG
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

-- A lesson's text in a language: a string is English, a table has both (and English where the other is missing), a function of the
-- scene returns one of these. nil stays nil.
function words.pick(text, language, scene)
  if type(text) == "function" then text = text(scene) end
  if type(text) == "table" then text = text[language] or text.en end
  return text
end

return words
