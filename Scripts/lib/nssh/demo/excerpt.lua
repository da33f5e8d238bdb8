local LONG = 14 -- lines that are shown whole

-- What a program printed, without empty lines; when it is long and has a focus (a plain string or a function of the line), the lines that
-- have it.
return function(text, focus, words)
  local lines, shown = {}, {}
  for line in text:gmatch("[^\n]+") do lines[#lines + 1] = line end
  for _, line in ipairs(lines) do
    local hit = type(focus) == "function" and focus(line) or focus and type(focus) == "string" and line:find(focus, 1, true)
    if #lines <= LONG or not focus or hit then shown[#shown + 1] = line end
  end
  if #shown < #lines then shown[#shown + 1] = words.long_output:format(#lines - #shown) end
  return table.concat(shown, "\n")
end
