// swift-tools-version: 6.0
import PackageDescription

// Development builds stop at a warning; a release build does not, so that a newer compiler's new warnings stop no user.
let swift: [SwiftSetting] = [
    .unsafeFlags(["-warnings-as-errors"], .when(configuration: .debug)),
    // nssh has one thread, so that its reference counts need no locked instructions. (Tests, which have several, are debug builds.)
    .unsafeFlags(["-Xfrontend", "-assume-single-threaded"], .when(configuration: .release)),
]
// Regular expressions, of which a search for a text in a text is one, are 2 MB of the binary and pages that every start touches.
// What nssh is made of does without; its tests need not.
let sources = swift + [.unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"])]
let c: [CSetting] = [
    .unsafeFlags(["-std=gnu23", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fstack-protector-strong"]),
    // A switch is a table of addresses else, and the programs that are copied out of the binary (image.h) have no data.
    .unsafeFlags(["-fno-jump-tables"]),
    // Needs an optimizing compiler.
    .unsafeFlags(["-D_FORTIFY_SOURCE=3"], .when(configuration: .release)),
]

// The release binary shares only the C library with the system; how and why is told in the script that links it.
let link: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-stdlib", "-use-ld=lld",
            "-Xclang-linker", "-pie", "-Xclang-linker", "--ld-path=\(Context.packageDirectory)/Tools/link-release.sh",
        ],
        .when(configuration: .release)
    )
]

let package = Package(
    name: "nssh",
    targets: [
        .systemLibrary(name: "CLua", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
        .systemLibrary(name: "CReadline", providers: [.apt(["libreadline-dev"])]),
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .target(name: "CLinux", dependencies: ["CLua"], cSettings: c),
        .target(name: "Linux", dependencies: ["CLinux"], swiftSettings: sources),
        .target(name: "LuaKit", dependencies: ["CLinux", "CLua"], swiftSettings: sources),
        .target(name: "Namespaces", dependencies: ["Linux", "CJansson"], swiftSettings: sources),
        .target(name: "Bindings", dependencies: ["LuaKit", "Namespaces"], swiftSettings: sources),
        .target(name: "Prompt", dependencies: ["CReadline", "LuaKit", "Bindings"], swiftSettings: sources),
        .executableTarget(
            name: "nssh", dependencies: ["Prompt", "Bindings"], swiftSettings: sources, linkerSettings: link),

        .testTarget(name: "LuaKitTests", dependencies: ["LuaKit"], swiftSettings: swift),
        .testTarget(name: "LinuxTests", dependencies: ["Linux"], swiftSettings: swift),
        .testTarget(name: "NamespacesTests", dependencies: ["Namespaces"], swiftSettings: swift),
        .testTarget(name: "BindingsTests", dependencies: ["Bindings"], swiftSettings: swift),
        .testTarget(name: "PromptTests", dependencies: ["Prompt", "Bindings"], swiftSettings: swift),
        // Random input for what must stand anything; the scripts beside it are for the release binary.
        .testTarget(
            name: "FuzzTests", dependencies: ["Prompt", "Bindings", "LuaKit", "Linux"], path: "Tests/fuzz/Showing", swiftSettings: swift),
        // Runs the binary, which therefore has to be there first.
        .testTarget(
            name: "IntegrationTests", dependencies: ["nssh", "CLinux", "CHarness"], path: "Tests/Integration",
            swiftSettings: swift),
        .target(name: "CHarness", path: "Tests/CHarness", cSettings: c),
    ],
    swiftLanguageModes: [.v6]
)
