import Glibc
import Linux
import Testing

@testable import Namespaces

/// The published schema of snapshots against what is written.
@Suite struct SchemaTests {
    private static func schema() throws -> JSON {
        let path = #filePath.replacing("Tests/NamespacesTests/SchemaTests.swift", with: "docs/snapshot.schema.json")
        return try JSON(Descriptor.open(Array(path.utf8), flags: O_RDONLY).readAll(limit: 1 << 24))
    }

    @Test func whatIsWrittenIsWhatTheSchemaSays() throws {
        if Proc.root < 0 { Proc.open() }
        var options = ScanOptions()
        options.deep = true
        let snapshot = try Scan.take(options)
        let schema = Schema(try SchemaTests.schema())
        #expect(schema.problems(try JSON(Array(snapshot.json.text.utf8))) == [])
        #expect(schema.problems(try JSON(Array(snapshot.anonymised().json.text.utf8))) == [])
    }

    @Test func theSchemaNamesAllKinds() throws {
        let schema = Schema(try SchemaTests.schema())
        #expect(schema.words("holder", "kind") == Holder.Kind.allCases.map(\.rawValue))
        #expect(schema.words("source") == Snapshot.Source.allCases.map(\.rawValue))
        #expect(schema.words("type") == NamespaceType.allCases.map(\.rawValue))
    }

    @Test func whatIsWrongIsFound() throws {
        let schema = Schema(try SchemaTests.schema())
        let text = #"{"format": "nssh snapshot", "version": 1, "namespaces": [{"type": "nit", "inode": 0, "owner": "user:8"}]}"#
        let problems = schema.problems(try JSON(Array(text.utf8)))
        for problem in ["host is missing", "namespaces[0].type: none of", "namespaces[0].inode: below", "namespaces[0].owner: no match"] {
            #expect(problems.contains { $0.contains(problem) }, "\(problem): \(problems)")
        }
    }
}

/// As much of JSON Schema as the schema of snapshots uses; a word that it does not know is a problem too.
private struct Schema {
    private let root: JSON

    init(_ root: JSON) { self.root = root }

    func problems(_ value: JSON) -> [String] { problems(value, root, "") }

    /// The words of a definition, or of one of its properties.
    func words(_ definition: String, _ property: String? = nil) -> [String] {
        var schema = root["$defs"]?[definition]
        if let property { schema = schema?["properties"]?[property] }
        return (schema?["enum"]?.elements ?? []).compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    private func problems(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
        guard case .object(let rules) = schema else { return ["\(path): no schema"] }
        return rules.flatMap { problems(value, rule: $0.name, $0.value, schema, path) }
    }

    private func problems(_ value: JSON, rule: String, _ argument: JSON, _ schema: JSON, _ path: String) -> [String] {
        switch (rule, argument, value) {
        case ("$schema", _, _), ("$defs", _, _), ("title", _, _), ("description", _, _): return []
        case ("$ref", .string(let name), _):
            let name = String(name.split(separator: "/").last ?? "")
            return root["$defs"]?[name].map { problems(value, $0, path) } ?? ["\(path): no definition \(name)"]
        case ("type", .string(let type), _): return value.isA(type) ? [] : ["\(path): no \(type)"]
        case ("const", _, _): return value.isEqual(argument) ? [] : ["\(path): another value"]
        case ("enum", .array(let words), _): return words.contains { $0.isEqual(value) } ? [] : ["\(path): none of the words"]
        case ("minimum", .integer(let least), .integer(let number)): return number >= least ? [] : ["\(path): below \(least)"]
        case ("maximum", .integer(let most), .integer(let number)): return number <= most ? [] : ["\(path): above \(most)"]
        case ("pattern", .string(let pattern), .string(let text)):
            let isMatch = (try? Regex(pattern).firstMatch(in: text)) ?? nil
            return isMatch != nil ? [] : ["\(path): no match"]
        case ("minItems", .integer(let count), .array(let values)): return values.count >= count ? [] : ["\(path): too short"]
        case ("maxItems", .integer(let count), .array(let values)): return values.count <= count ? [] : ["\(path): too long"]
        case ("items", _, .array(let values)): return values.enumerated().flatMap { problems($1, argument, "\(path)[\($0)]") }
        case ("required", .array(let names), .object):
            return names.compactMap { if case .string(let name) = $0, value[name] == nil { "\(path)\(name) is missing" } else { nil } }
        case ("properties", .object(let properties), .object):
            return properties.flatMap { property in
                value[property.name].map { problems($0, property.value, path.isEmpty ? property.name : "\(path).\(property.name)") } ?? []
            }
        case ("additionalProperties", _, .object(let fields)):
            let known = schema["properties"]?.names ?? []
            let others = fields.filter { !known.contains($0.name) }
            if case .boolean(false) = argument { return others.map { "\(path).\($0.name): not expected" } }
            return others.flatMap { problems($0.value, argument, "\(path).\($0.name)") }
        // Of another type: the rule "type" says so.
        case ("minimum", _, _), ("maximum", _, _), ("pattern", _, _), ("items", _, _), ("minItems", _, _), ("maxItems", _, _),
            ("required", _, _), ("properties", _, _), ("additionalProperties", _, _):
            return []
        default: return ["\(path): the test does not know the rule \(rule)"]
        }
    }
}

extension JSON {
    fileprivate subscript(_ name: String) -> JSON? {
        if case .object(let fields) = self { fields.first { $0.name == name }?.value } else { nil }
    }

    fileprivate var names: [String] { if case .object(let fields) = self { fields.map(\.name) } else { [] } }

    fileprivate var elements: [JSON] { if case .array(let values) = self { values } else { [] } }

    /// Of words and numbers.
    fileprivate func isEqual(_ other: JSON) -> Bool {
        switch (self, other) {
        case (.string(let a), .string(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        default: false
        }
    }

    fileprivate func isA(_ type: String) -> Bool {
        switch (type, self) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .boolean), ("integer", .integer), ("number", .number),
            ("number", .integer):
            true
        default: false
        }
    }
}
