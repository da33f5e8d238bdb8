import CLinux
import Linux

extension Options {
    /// Whether a child with these options is born in a place of somebody else's, however it was before.
    var leadsToForeignPlace: Bool { joins.contains { $0.mask.contains(.mnt) || $0.root != nil } }
}

extension Foreign {
    /// Before a copy of nssh is made.
    static func prepare(_ options: Options) { if options.leadsToForeignPlace { prepare() } }

    /// In a copy of nssh, once its steps are done: it is where `options` have led it. What it executes gets no descriptor but 0, 1 and 2,
    /// and in a place of somebody else's it keeps none that leads back.
    static func begin(_ options: Options) {
        if options.leadsToForeignPlace { closeInherited() }
        _ = nssh_close_on_exec_from(3, Proc.root)
        // What it joined by leads to where it is; but a root of a process with more in it is a way, too.
        for join in options.joins {
            join.descriptor.close()
            join.root?.close()
            join.cwd?.close()
        }
        guard options.leadsToForeignPlace else { return }
        begin()
        Launcher.closeImages()
        giveUpDescriptors(hasOtherPids: options.types.contains(.pid) || options.joins.contains { $0.mask.contains(.pid) })
    }
}
