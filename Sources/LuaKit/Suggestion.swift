/// The nearest of `names` to a mistyped `word`, if one is near: at most a third of its letters are wrong.
public func suggestion(for word: String, among names: some Sequence<String>) -> String? {
    let letters = Array(word.utf8)
    guard !letters.isEmpty, letters.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for name in names where name != word {
        let distance = editDistance(letters, Array(name.utf8))
        if distance < best?.distance ?? .max { best = (name, distance) }
    }
    guard let best else { return nil }
    let length = max(letters.count, best.name.utf8.count)
    guard best.distance <= max(1, length / 3), best.distance < length else { return nil }
    return best.name
}

/// `; did you mean 'name'?`, or nothing.
public func didYouMean(_ word: String, among names: some Sequence<String>) -> String {
    suggestion(for: word, among: names).map { "; did you mean '\($0)'?" } ?? ""
}

/// Insertions, removals, replacements and swaps of neighbours between two words (optimal string alignment).
func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var before: [Int] = []
    var previous = Array(0...b.count)
    for i in a.indices {
        var current = [i + 1]
        for j in b.indices {
            var cost = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, current[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
            current.append(cost)
        }
        before = previous
        previous = current
    }
    return previous[b.count]
}
