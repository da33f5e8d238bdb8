extension String {
    /// Whether `part` is in it, byte by byte. (The standard library's `contains` of a text comes with all of its regular expressions.)
    public func includes(_ part: String) -> Bool {
        let text = Array(utf8)
        let sought = Array(part.utf8)
        guard text.count >= sought.count else { return false }
        return (0...(text.count - sought.count)).contains { text[$0...].starts(with: sought) }
    }
}
