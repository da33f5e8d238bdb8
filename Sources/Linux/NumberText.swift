/// Numbers as text, whatever they are.
public enum NumberText {
    /// The nearest whole number. What is too large for an integer, or no number, is told as such: `1e+300`, `inf`, `nan`.
    public static func whole(_ value: Double) -> String { Int(exactly: value.rounded()).map { String($0) } ?? value.description }

    /// Seconds to the millisecond, `12.402`.
    public static func milliseconds(_ seconds: Double) -> String {
        guard let count = Int(exactly: (seconds * 1000).rounded()) else { return seconds.description }
        let rest = String(count.magnitude % 1000)
        return (count < 0 ? "-" : "") + "\(count.magnitude / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }
}
