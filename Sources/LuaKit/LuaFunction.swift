/// The declaration of a binding: everything that checks, help, completion and the generated references know of it.
///
/// Only the name is there from the start. A script uses a few bindings of a hundred, and to make the declarations of all is more
/// work than the rest of a start: each part is made when it is first asked for.
public final class LuaFunction {
    /// The name as scripts write it: `ns.clone`, `process:wait`.
    public let name: String
    /// The declared parameters; a method's first is the object.
    public private(set) lazy var parameters = makeParameters()
    /// Whether more arguments than `parameters` are allowed; they stay on the stack.
    public let isVariadic: Bool
    /// What it returns.
    public private(set) lazy var results = makeResults()
    /// One line.
    public let summary: String
    /// More, if one line does not say it.
    public var details: String { makeDetails() }
    /// Lua code that runs anywhere as it stands and shows the use.
    public var example: String { makeExample() }
    let body: (LuaCall) throws(LuaError) -> Int
    /// Its number in the state that it was last pushed in.
    var number = -1
    private let makeParameters, makeResults: () -> [LuaField]
    private let makeDetails, makeExample: () -> String

    /// Declares a binding. `body` returns how many results it has pushed.
    public init(
        _ name: String, _ parameters: @autoclosure @escaping () -> [LuaField] = [], variadic: Bool = false,
        returns results: @autoclosure @escaping () -> [LuaField] = [],
        _ summary: String, details: @autoclosure @escaping () -> String = "", example: @autoclosure @escaping () -> String = "",
        body: @escaping (LuaCall) throws(LuaError) -> Int
    ) {
        self.name = name
        makeParameters = parameters
        isVariadic = variadic
        makeResults = results
        self.summary = summary
        makeDetails = details
        makeExample = example
        self.body = body
    }

    /// Whether it is called with a colon, its first parameter being the object.
    public var isMethod: Bool { name.contains(":") }

    /// The last part of the name.
    public var shortName: String {
        let bytes = name.utf8
        guard let mark = bytes.lastIndex(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") }) else { return name }
        return String(name[bytes.index(after: mark)...])
    }

    /// `ns.same(a, b [, type])`.
    public var signature: String {
        let shown = isMethod ? parameters.dropFirst() : parameters[...]
        var text = ""
        for (position, parameter) in shown.enumerated() {
            let part = (position > 0 ? ", " : "") + parameter.name
            text += parameter.isOptional ? (position > 0 ? " [\(part)]" : "[\(part)]") : part
        }
        if isVariadic { text += shown.isEmpty ? "…" : ", …" }
        return "\(name)(\(text))"
    }

    /// Checks the arguments, then runs the body. A development build stops where the body leaves anything but its results on the stack.
    func call(_ lua: Lua) throws(LuaError) -> Int {
        let count = Int(lua.top)
        if count > parameters.count, !isVariadic {
            // Trailing nils are as good as nothing.
            for position in parameters.count..<count where lua.kind(Int32(position + 1)) != .nil {
                let most = isMethod ? parameters.count - 1 : parameters.count
                throw .message("too many arguments to '\(name)' (at most \(most), got \(isMethod ? count - 1 : count))")
            }
        }
        var arguments: [LuaValue] = []
        arguments.reserveCapacity(parameters.count)
        for (position, parameter) in parameters.enumerated() {
            let index = Int32(position + 1)
            if position >= count || lua.kind(index) == .nil {
                if parameter.isOptional, position >= count || !parameter.refusesNil {
                    arguments.append(.none)
                    continue
                }
                throw argumentError(position, "\(parameter.type.description) expected, got \(position < count ? "nil" : "no value")")
            }
            do { arguments.append(try parameter.type.read(lua, index)) } catch {
                if let raised = error.raised { throw raised }
                if error.isWhole { throw .message(error.problem) }
                throw argumentError(position, (error.path.isEmpty ? "" : error.path + ": ") + error.problem)
            }
        }
        #if DEBUG
        let before = lua.top
        #endif
        let results = try body(LuaCall(lua: lua, arguments: arguments, given: count, parameters: parameters.count))
        #if DEBUG
        lua.state.stackCheck?.compare(lua, "'\(name)'", before: before, results: Int32(results))
        #endif
        return results
    }

    private func argumentError(_ position: Int, _ problem: String) -> LuaError {
        if isMethod, position == 0 { return .message("calling '\(name)' on a bad self (\(problem)); call it with ':'") }
        return .argument(isMethod ? position : position + 1, of: name, problem)
    }
}

/// One call of a binding, its arguments read and checked.
public struct LuaCall {
    /// The stack of the call.
    public let lua: Lua
    /// The declared parameters' values.
    public let arguments: [LuaValue]
    /// How many arguments were given.
    public let given: Int
    let parameters: Int

    /// The declared parameter at `position` (from 0).
    public subscript(_ position: Int) -> LuaValue { arguments[position] }

    /// The stack positions of the arguments after the declared ones.
    public var rest: Range<Int32> { Int32(parameters + 1)..<Int32(max(given, parameters) + 1) }

    /// The object a method was called on.
    public func receiver<T: LuaObject>(_: T.Type = T.self) throws(LuaError) -> T {
        guard case .object(let object) = arguments[0], let object = object as? T else {
            throw .message("\(T.declaration.name) expected")
        }
        return object
    }
}

/// A table of bindings that becomes a global.
public struct LuaModule {
    /// The global's name.
    public let name: String
    /// One line.
    public let summary: String
    /// The bindings in it.
    public let functions: [LuaFunction]

    /// A module's declaration.
    public init(_ name: String, _ summary: String, _ functions: [LuaFunction]) {
        self.name = name
        self.summary = summary
        self.functions = functions
    }
}
