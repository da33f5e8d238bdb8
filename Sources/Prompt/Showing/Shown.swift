import Linux

/// A piece of text that is not broken.
struct Word {
    let text: String
    let role: Role
    /// A string without its quotes, for a column of a table.
    var bare: String?

    var columns: Int { TextWidth.of(text) }
}

/// A value as it will be shown, read from Lua and cut to the limits; how it is laid out comes later.
indirect enum Shown {
    case word(Word)
    case table(Block)
}

/// A table as it will be shown.
struct Block {
    struct Item {
        /// Nil for positions 1…n.
        let key: Word?
        let value: Shown
    }

    /// The `__name` of its metatable.
    var name: String?
    var items: [Item] = []
    /// What was left out, in words.
    var left: [Word] = []

    /// The items are positions only.
    var isList: Bool { items.allSatisfy { $0.key == nil } }
}
