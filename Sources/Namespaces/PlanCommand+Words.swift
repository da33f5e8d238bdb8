import Linux

/// Values as words of a shell line that the shell, and the tool that they are for, can take for nothing else.
extension PlanCommand {
    /// A word for sh(1).
    static func quoted(_ word: [UInt8]) -> [UInt8] {
        let plain = word.allSatisfy { byte in
            byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5a || byte >= 0x61 && byte <= 0x7a || "-_./,:=@%+".utf8.contains(byte)
        }
        if plain, !word.isEmpty { return word }
        let quote = UInt8(ascii: "'")
        let parts = word.split(separator: quote, omittingEmptySubsequences: false)
        return [quote] + Array(parts.joined(separator: Array("'\\''".utf8))) + [quote]
    }

    /// A word for sh(1) that is fit for a terminal: what could not be shown as it is has an escape, which printf(1) resolves. Nil for one
    /// that ends with a line break, which the shell would take away.
    static func shown(_ word: [UInt8]) -> String? {
        if TextEscape.escape(word, as: .line).utf8.elementsEqual(word) { return quoted(word).lossy }
        if word.last == UInt8(ascii: "\n") { return nil }
        var format = ""
        for byte in word {
            switch byte {
            case UInt8(ascii: "%"): format += "%%"
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), 0..<0x20, 0x7f...:
                let digits = String(byte, radix: 8)
                format += "\\" + String(repeating: "0", count: 3 - digits.utf8.count) + digits
            default: format.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return "\"$(printf '\(format)')\""
    }

    /// What timeout(1) takes: for it 0 stands for no limit.
    static func duration(_ seconds: Double) throws(Inexpressible) -> String {
        // The digits that are shown are those of just this number, and none has an exponent, which not every timeout(1) reads.
        guard seconds >= 0.001, seconds < 1e9 else {
            throw Inexpressible("timeout: 0 is no limit for timeout(1); it takes 0.001 to 999999999 seconds here")
        }
        return seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
    }

    /// Whether hostname(1) sets just this name. Debian's refuses what RFC 1123 does not know, and names that begin with - are options.
    static func isHostName(_ name: [UInt8]) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5a || byte >= 0x61 && byte <= 0x7a
        }
        return name.count <= 64
            && name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
                guard let first = label.first, let last = label.last, isAlphanumeric(first), isAlphanumeric(last) else { return false }
                return label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
            }
    }
}
