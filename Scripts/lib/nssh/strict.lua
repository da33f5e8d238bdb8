-- `require "nssh.strict"`: from now on, reading a global variable that nothing was ever assigned to is an error.
--
-- An assignment declares a variable, that of nil too; `rawget(_G, "name")` asks without an error. `nssh --strict` is the same.
require "nssh.globals"("error")
return true
