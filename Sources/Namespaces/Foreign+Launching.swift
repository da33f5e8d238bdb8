import Linux

extension Options {
    /// Whether a child with these options is born in a place of somebody else's, however it was before.
    var leadsToForeignPlace: Bool { joins.contains { $0.mask.contains(.mnt) || $0.root != nil } }
}

extension Foreign {
    /// How far below its /proc the process is that makes a copy of itself.
    nonisolated(unsafe) private static var levelBefore = 0
    /// Whether this process is a copy that has given up what leads back.
    nonisolated(unsafe) private static var leadsNowhere = false

    /// Before a copy of nssh is made.
    static func prepare(_ options: Options) {
        guard options.leadsToForeignPlace || isHere else { return }
        prepare()
        levelBefore = Proc.level
    }

    /// In a copy of nssh, once its steps are done: it is where `options` have led it, and in a place of somebody else's it keeps no descriptor
    /// that leads back.
    static func begin(_ options: Options) {
        for join in options.joins {
            join.descriptor.close()
            join.root?.close()
            join.cwd?.close()
        }
        guard options.leadsToForeignPlace || isHere && !leadsNowhere else { return }
        begin()
        leadsNowhere = true
        Launcher.closeImages()
        Children.closeInherited()
        // One who does not show in the old /proc is in no pid namespace of it.
        giveUpDescriptors(hasOtherPids: !Proc.showsSelf || Proc.level > levelBefore)
    }
}
