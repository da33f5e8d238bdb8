import LuaKit

/// Bindings that the prompt calls by itself, whatever a script has put in their place.
public enum Binding {
    /// ns.call.
    public static var call: LuaFunction { named("call") }
    /// ns.shell.
    public static var shell: LuaFunction { named("shell") }

    private static func named(_ name: String) -> LuaFunction { NsModule.module.functions.first { $0.shortName == name }! }

    /// Whether a program that ^Z stops in the foreground stays stopped: there is a prompt to come back to.
    public static var keepsJobs: Bool {
        get { Launching.keepsJobs }
        set { Launching.keepsJobs = newValue }
    }
}
