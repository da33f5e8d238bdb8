import LuaKit

/// The declarations as Lua tables: `require "nssh.reference"` gives { modules, classes, records, types }, from which the
/// LuaCATS file, the API page and the luacheck list are made.
public enum Reference {
    /// The loader of the module.
    nonisolated(unsafe) public static let loader = LuaFunction("nssh.reference", variadic: true, "") { call throws(LuaError) in
        let lua = call.lua
        var collector = Collector()
        lua.reserve(20)
        lua.pushTable()
        lua.push(list: lua.state.modules) { module in
            lua.push([("name", .string(module.name)), ("summary", .string(module.summary))])
            functions(lua, module.functions, &collector)
            lua.rawSet(-2, "functions")
        }
        lua.rawSet(-2, "modules")
        lua.push(list: Help.classes) { declaration in
            lua.push([("name", .string(declaration.name)), ("summary", .string(declaration.summary))])
            functions(lua, declaration.methods, &collector)
            lua.rawSet(-2, "methods")
            lua.push(list: declaration.properties) { property in
                lua.push([
                    ("name", .string(property.name)), ("summary", .string(property.summary)),
                    ("annotation", .string(property.type.annotation)),
                ])
            }
            lua.rawSet(-2, "properties")
        }
        lua.rawSet(-2, "classes")
        functions(lua, Help.others, &collector)
        lua.rawSet(-2, "others")
        lua.push(list: collector.records) { record in
            lua.push([("name", .string(record.name)), ("positions", record.positions.map { .string($0.type.annotation) })])
            fields(lua, record.fields)
            lua.rawSet(-2, "fields")
        }
        lua.rawSet(-2, "records")
        lua.push(list: collector.named) { named in
            lua.push([("name", .string(named.name)), ("annotation", .string(named.type.annotation))])
        }
        lua.rawSet(-2, "types")
        return 1
    }

    /// Finds the records and named types in declarations.
    private struct Collector {
        var records: [LuaRecord] = []
        var named: [(name: String, type: LuaType)] = []

        mutating func visit(_ type: LuaType) {
            switch type {
            case .record(let record):
                if records.contains(where: { $0 === record }) { return }
                records.append(record)
                for field in record.fields { visit(field.type) }
                if let positions = record.positions { visit(positions.type) }
            case .either(let types): for type in types { visit(type) }
            case .list(let type), .map(let type), .numbered(let type): visit(type)
            case .named(let name, let type):
                if !named.contains(where: { $0.name == name }) { named.append((name, type)) }
                visit(type)
            default: break
            }
        }
    }

    private static func fields(_ lua: Lua, _ list: [LuaField]) {
        lua.push(list: list) { field in
            lua.push([
                ("name", .string(field.name)), ("summary", .string(field.summary)), ("annotation", .string(field.type.annotation)),
                ("type", .string(field.type.description)), ("optional", .boolean(field.isOptional)),
            ])
        }
    }

    private static func functions(_ lua: Lua, _ list: [LuaFunction], _ collector: inout Collector) {
        for function in list { for field in function.parameters + function.results { collector.visit(field.type) } }
        lua.push(list: list) { function in
            lua.push([
                ("name", .string(function.name)), ("short", .string(function.shortName)), ("signature", .string(function.signature)),
                ("summary", .string(function.summary)), ("details", .string(function.details)), ("example", .string(function.example)),
                ("variadic", .boolean(function.isVariadic)), ("method", .boolean(function.isMethod)),
            ])
            fields(lua, function.parameters)
            lua.rawSet(-2, "parameters")
            fields(lua, function.results)
            lua.rawSet(-2, "results")
        }
    }
}
