import LuaKit

/// An input as a chunk of Lua.
enum Chunk {
    /// What the text is.
    enum Kind: Equatable {
        /// Its values are to be shown.
        case expression
        case statement
        /// A statement that ends with `return`: its values are shown, and nothing can follow it.
        case returning
        /// A line that declares local variables, whose values it returns.
        case locals([TopLevelLocals.Variable])
        /// More lines are needed; nothing was pushed.
        case incomplete
    }

    /// Pushes the function that the text is.
    ///
    /// - Throws: the syntax error.
    static func load(_ lua: Lua, _ text: String) throws(LuaError) -> Kind {
        let source = Array(text.utf8)
        let asExpression: LuaError
        do throws(LuaError) {
            try lua.loadRelaxed(Array("return ".utf8) + source, name: "=stdin")
            return .expression
        } catch { asExpression = error }
        // What is several lines, or was pasted, is a chunk with Lua's own meaning: its locals end with it.
        if !text.contains("\n"), let locals = TopLevelLocals(source) {
            do throws(LuaError) {
                try lua.loadRelaxed(locals.source, name: "=stdin")
                return .locals(locals.variables)
            } catch {}
        }
        do throws(LuaError) {
            try lua.loadRelaxed(source, name: "=stdin")
            return isLast(lua, source) ? .returning : .statement
        } catch {
            let message = Chunk.message(of: error, lua)
            let expressionMessage = Chunk.message(of: asExpression, lua)
            // A string in quotation marks goes on only after a backslash.
            if message.hasSuffix("unfinished string near <eof>"), !text.hasSuffix("\\"), !text.hasSuffix("\\z") { throw error }
            // `{1,` is no start of a statement, but one of an expression.
            if message.hasSuffix("<eof>") || expressionMessage.hasSuffix("<eof>") { return .incomplete }
            // Nor is `1 + * 2`: what is wrong with it is not that it starts with a number.
            let opening = "stdin:1: unexpected symbol near '"
            if message.hasPrefix(opening), text.hasPrefix(message.dropFirst(opening.count).dropLast()) { throw asExpression }
            throw error
        }
    }

    /// Whether nothing can follow a chunk.
    private static func isLast(_ lua: Lua, _ source: [UInt8]) -> Bool {
        do throws(LuaError) { try lua.loadRelaxed(source + Array("\ndo end".utf8), name: "=stdin") } catch { return true }
        lua.pop()
        return false
    }

    private static func message(of error: LuaError, _ lua: Lua) -> String {
        guard case .value(let reference) = error else { return "" }
        reference.push(lua)
        defer { lua.pop() }
        return lua.string(-1) ?? ""
    }
}
