-- Several reports as one: what is reported to it goes to each. The results are those of the first.
return function(reports)
  if #reports == 1 then return reports[1] end
  return setmetatable({}, {
    __index = function(self, name)
      local field = reports[1][name]
      if type(field) ~= "function" then return field end
      local function to_all(_, ...)
        local first = reports[1][name](reports[1], ...)
        for position = 2, #reports do reports[position][name](reports[position], ...) end
        return first
      end
      rawset(self, name, to_all)
      return to_all
    end,
    __newindex = function(_, name, value)
      for _, report in ipairs(reports) do report[name] = value end
    end,
  })
end
