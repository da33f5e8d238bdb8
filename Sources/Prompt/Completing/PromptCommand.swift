/// A command of the prompt, for completion: `:demo`.
struct PromptCommand {
    /// What can stand behind it.
    enum Argument { case none, expression, path, demonstration, topic }

    /// Without the colon.
    let name: String
    var argument = Argument.none

    init(name: String, argument: Argument = .none) {
        self.name = name
        self.argument = argument
    }

    /// A command; what can stand behind it shows from the word for it in help.
    init(_ command: Command) {
        name = command.name
        switch command.arguments.filter(\.isLetter) {
        case "CHUNK", "EXPRESSION", "TARGET", "LOCAL": argument = .expression
        case "FILE": argument = .path
        case "DEMO": argument = .demonstration
        case "NAME": argument = .topic
        default: break
        }
    }
}
