import CLinux
import Glibc
import LuaKit
import Testing

@testable import Bindings

/// What every binding owes its users.
@Suite struct DeclarationTests {
    private static var functions: [LuaFunction] {
        [NsModule.module, SysModule.module, NetModule.module].flatMap(\.functions) + Help.classes.flatMap(\.methods) + [ResultTable.check]
    }

    @Test func everyBindingIsExplained() {
        for function in Self.functions {
            #expect(!function.summary.isEmpty && !function.summary.hasSuffix("."), "\(function.name)")
            #expect(!function.example.isEmpty, "\(function.name) has no example")
            for field in function.parameters + function.results { #expect(!field.summary.isEmpty, "\(function.name): \(field.name)") }
        }
    }

    @Test func namesAreUnique() {
        let names = Self.functions.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func theBundledScriptsAreThoseOfTheFolder() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        var found: Set<String> = []
        for (directory, prefix) in [("Scripts", ""), ("Scripts/lib/nssh", "lib/nssh/"), ("Scripts/lib/nssh/demo", "lib/nssh/demo/")] {
            let handle = try #require(opendir("/\(folder)/\(directory)"))
            defer { closedir(handle) }
            while let entry = readdir(handle) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name.hasSuffix(".lua") { found.insert(prefix + name) }
            }
        }
        #expect(found == Set(BundledScript.all.map(\.name)))
    }
}
