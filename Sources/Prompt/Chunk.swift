import LuaKit

/// An input as a chunk of Lua.
enum Chunk {
    /// What the text is.
    enum Kind: Equatable {
        /// Its values are to be shown.
        case expression
        case statement
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
        do throws(LuaError) {
            try lua.loadRelaxed(Array("return ".utf8) + source, name: "=stdin")
            return .expression
        } catch {}
        // What is several lines, or was pasted, is a chunk with Lua's own meaning: its locals end with it.
        if !text.contains("\n"), let locals = TopLevelLocals(source) {
            do throws(LuaError) {
                try lua.loadRelaxed(locals.source, name: "=stdin")
                return .locals(locals.variables)
            } catch {}
        }
        do throws(LuaError) {
            try lua.loadRelaxed(source, name: "=stdin")
            return .statement
        } catch {
            if case .value(let reference) = error {
                reference.push(lua)
                defer { lua.pop() }
                if let message = lua.string(-1), message.hasSuffix("<eof>") { return .incomplete }
            }
            throw error
        }
    }
}
