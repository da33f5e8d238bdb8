import Linux

/// A value in a JSON text, and where it is: what is wrong is said with its place, `namespaces[3].inode: integer expected, got string`.
final class JSONPlace {
    let value: JSON
    /// What it is in; nil for the whole.
    private let outer: JSONPlace?
    /// What it is there: `.inode`, `[3]`. The path is put together only for what is wrong; a file has a million places.
    private let name: String
    private let index: Int

    /// The whole text.
    convenience init(_ value: JSON) { self.init(value, in: nil) }

    private init(_ value: JSON, in outer: JSONPlace?, name: String = "", index: Int = -1) {
        self.value = value
        self.outer = outer
        self.name = name
        self.index = index
    }

    /// `namespaces[3].inode`; empty for the whole.
    var path: String {
        guard let outer else { return "" }
        if index >= 0 { return "\(outer.path)[\(index)]" }
        let step = TextEscape.escape(name.utf8.prefix(40), as: .line)
        return outer.path.isEmpty ? step : "\(outer.path).\(step)"
    }

    /// What is wrong here.
    func failure(_ problem: String) -> Failure {
        Failure(code: "EINVAL", path.isEmpty ? problem : "\(path): \(problem)", stage: "read snapshot")
    }

    private func expected(_ type: String) -> Failure {
        let found =
            switch value {
            case .null: "null"
            case .boolean: "boolean"
            case .integer: "integer"
            case .number: "number"
            case .string: "string"
            case .array: "array"
            case .object: "object"
            }
        return failure("\(type) expected, got \(found)")
    }

    /// A field of an object; nil when it is not there. Fields that are not asked for are left alone.
    func optional(_ name: String) throws(Failure) -> JSONPlace? {
        guard case .object(let fields) = value else { throw expected("object") }
        return fields.first { $0.name == name }.map { JSONPlace($0.value, in: self, name: name) }
    }

    /// A field that has to be there.
    func field(_ name: String) throws(Failure) -> JSONPlace {
        guard let place = try optional(name) else { throw failure("'\(name)' is missing") }
        return place
    }

    /// The fields of an object.
    func fields() throws(Failure) -> [(name: String, place: JSONPlace)] {
        guard case .object(let fields) = value else { throw expected("object") }
        return fields.map { ($0.name, JSONPlace($0.value, in: self, name: $0.name)) }
    }

    /// The elements of an array.
    func list() throws(Failure) -> [JSONPlace] {
        guard case .array(let values) = value else { throw expected("array") }
        return values.enumerated().map { JSONPlace($1, in: self, index: $0) }
    }

    func string() throws(Failure) -> String {
        guard case .string(let value) = value else { throw expected("string") }
        return value
    }

    func boolean() throws(Failure) -> Bool {
        guard case .boolean(let value) = value else { throw expected("boolean") }
        return value
    }

    func number() throws(Failure) -> Double {
        switch value {
        case .number(let value): return value
        case .integer(let value): return Double(value)
        default: throw expected("number")
        }
    }

    /// An integer that the type can hold, and not below `least`.
    func integer<T: FixedWidthInteger>(_: T.Type = T.self, least: T = 0) throws(Failure) -> T {
        guard case .integer(let value) = value else { throw expected("integer") }
        guard let result = T(exactly: value), result >= least else {
            throw failure("\(value) is out of range, which is \(least) to \(T(clamping: Int.max))")
        }
        return result
    }

    /// One of the words of an enumeration.
    func word<T: RawRepresentable & CaseIterable>(_: T.Type = T.self) throws(Failure) -> T where T.RawValue == String {
        let text = try string()
        guard let result = T(rawValue: text) else {
            let word = TextEscape.escape(text.utf8.prefix(40))
            throw failure("\"\(word)\" is none of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return result
    }
}
