import Linux

/// A line of a plan: one kernel call, and who makes it.
public struct PlanLine: Equatable, Sendable {
    /// Who makes it.
    public var maker: Trace.Maker
    /// The system call, `sethostname`.
    public var call: String
    /// The call as the plan shows it, `sethostname("box")`.
    public var text: String
    /// Whether it is what the options ask for, and not what every launch does (streams, signals, process group, …).
    public var isAsked: Bool
}

extension Plan {
    /// The plan of options, for looking at: nothing is made or opened for it.
    ///
    /// - Throws: EINVAL for a setting of a namespace that is not the child's own.
    public init(for options: Options) throws(Failure) {
        var resources = Resources()
        if Launcher.hidesRoot(options) { resources.emptyRoot = 0 }
        if options.session != nil { resources.ownTerminal = 0 }
        try self.init(options, resources)
    }

    /// The kernel calls in their order. What nssh writes meanwhile stands before the child's own steps, which wait for it.
    public var lines: [PlanLine] {
        var lines = launch.outer.map { PlanLine($0, by: .intermediate) }
        if !launch.outer.isEmpty {
            lines.insert(PlanLine(maker: .nssh, call: "clone3", text: Launch.outerText, isAsked: false), at: 0)
        }
        lines.append(
            PlanLine(maker: launch.outer.isEmpty ? .nssh : .intermediate, call: "clone3", text: launch.text, isAsked: true))
        for mapping in meanwhile {
            let call = if case .helper(let program, _) = mapping { program } else { "write" }
            lines.append(PlanLine(maker: .nssh, call: call, text: mapping.text, isAsked: true))
        }
        // With an init, PID 1 makes all calls up to the clone3(2) of the program.
        var maker = launch.keeper.isEmpty ? Trace.Maker.child : .`init`
        for step in launch.steps + launch.closing {
            lines.append(PlanLine(step, by: maker))
            if case .split = step.action { maker = .child }
        }
        return lines + launch.keeper.map { PlanLine($0, by: .`init`) }
    }
}

extension PlanLine {
    init(_ step: Step, by maker: Trace.Maker) {
        let (text, isAsked) = step.text
        self.init(maker: maker, call: step.call, text: text, isAsked: isAsked)
    }
}
