import CJansson
import Glibc
import Linux

/// A JSON value. Reading and writing are Jansson's; nothing else knows that library.
public enum JSON: Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    /// Names and values, in the order in which they are written.
    case object([(name: String, value: JSON)])
}

// MARK: Reading

extension JSON {
    /// Reads a text, an object or array as a whole: others' text, in which nothing is taken for granted. Jansson refuses bytes that are no
    /// UTF-8, a name that comes twice in an object, more than 2048 levels, and NULs in strings.
    ///
    /// - Throws: what is wrong, and where: line and column.
    public init(_ bytes: [UInt8]) throws(Failure) {
        var error = json_error_t()
        let root = bytes.withUnsafeBytes {
            json_loadb($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, Int(JSON_REJECT_DUPLICATES), &error)
        }
        guard let root else {
            let text = String(cString: nssh_json_error_text(&error))
            let place = error.line > 0 ? "line \(error.line), column \(max(error.column, 0)): " : ""
            throw Failure(code: "EINVAL", "no JSON: " + place + TextEscape.escape(text.utf8, as: .line), stage: "read JSON")
        }
        self.init(root)
        json_decref(root)
    }

    private init(_ value: OpaqueJSON) {
        switch nssh_json_type(value) {
        case JSON_OBJECT:
            var fields: [(name: String, value: JSON)] = []
            fields.reserveCapacity(json_object_size(value))
            var position = json_object_iter(value)
            while let current = position {
                fields.append((String(cString: json_object_iter_key(current)), JSON(json_object_iter_value(current))))
                position = json_object_iter_next(value, current)
            }
            self = .object(fields)
        case JSON_ARRAY: self = .array((0..<json_array_size(value)).map { JSON(json_array_get(value, $0)) })
        case JSON_STRING:
            let bytes = UnsafeRawBufferPointer(start: json_string_value(value), count: json_string_length(value))
            self = .string(String(decoding: bytes, as: UTF8.self))
        case JSON_INTEGER: self = .integer(Int(json_integer_value(value)))
        case JSON_REAL: self = .number(json_real_value(value))
        case JSON_TRUE: self = .boolean(true)
        case JSON_FALSE: self = .boolean(false)
        default: self = .null
        }
    }
}

// MARK: Writing

extension JSON {
    /// The text, with a line end after it; an entry a line. What a terminal would act on is `\u….`, as control characters are anyway.
    public var text: String {
        let root = made()
        defer { json_decref(root) }
        // Fifteen digits of a number are what reads back as the same fifteen digits.
        guard let text = json_dumps(root, nssh_json_indent(1) | nssh_json_precision(15)) else { return "" }
        defer { free(text) }
        return String(decoding: TextEscape.escapeJSON([UInt8](cString: text)), as: UTF8.self) + "\n"
    }

    private func made() -> OpaqueJSON {
        switch self {
        case .null: return json_null()
        case .boolean(let value): return value ? json_true() : json_false()
        case .integer(let value): return json_integer(json_int_t(value))
        case .number(let value): return json_real(value) ?? json_null()
        case .string(var value):
            return value.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { json_stringn_nocheck($0.baseAddress, $0.count) }
            }
        case .array(let values):
            let array = json_array()!
            for value in values { json_array_append_new(array, value.made()) }
            return array
        case .object(let fields):
            let object = json_object()!
            for field in fields { json_object_set_new_nocheck(object, field.name, field.value.made()) }
            return object
        }
    }

    private typealias OpaqueJSON = UnsafeMutablePointer<json_t>
}
