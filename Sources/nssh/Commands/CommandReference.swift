import LuaKit

/// The declarations of the commands as a Lua list, `require "nssh.commands"`: the manual page, the page on them and the completion of bash
/// are made from it.
enum CommandReference {
    nonisolated(unsafe) static let loader = LuaFunction("nssh.commands", variadic: true, "") { call throws(LuaError) in
        let lua = call.lua
        lua.push(list: ShellCommand.all) { command in
            lua.push([
                ("name", .string(command.name)), ("operands", .string(command.operands)), ("summary", .string(command.summary)),
                ("details", .string(command.details)),
            ])
            lua.push(list: command.allOptions) { option in
                let (value, isOptional): (String?, Bool) =
                    switch option.value {
                    case .none: (nil, false)
                    case .required(let value): (value, false)
                    case .optional(let value): (value, true)
                    }
                lua.push([
                    ("letter", option.letter.map { .string(String($0)) }), ("name", .string(option.name)),
                    ("value", value.map { .string($0) }), ("optional", .boolean(isOptional)), ("summary", .string(option.summary)),
                ])
            }
            lua.rawSet(-2, "options")
        }
        return 1
    }
}
