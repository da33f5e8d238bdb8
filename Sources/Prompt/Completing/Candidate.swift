/// Something that what was typed could become.
struct Candidate {
    /// It stands in place of what was typed.
    let text: String
    /// What follows it when there is no other: `(`, `.`, a closing quote.
    var suffix = ""
    /// What the list shows; the text if not given. Asked for only when it is shown.
    var label: (() -> String)?

    init(_ text: String, suffix: String = "", label: (() -> String)? = nil) {
        self.text = text
        self.suffix = suffix
        self.label = label
    }

    var shown: String { label?() ?? text }
}
