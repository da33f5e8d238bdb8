import Glibc
import Linux
import Testing

@testable import Namespaces

@Suite struct PlanTests {
    private func stages(_ options: Options) -> [String] { Plan(options, Plan.Resources()).launch.steps.map(\.stage) }

    private func position(_ stage: String, _ stages: [String]) -> Int { stages.firstIndex(of: stage) ?? -1 }

    @Test func aHeldProcessEndsInItsImage() {
        var options = Options()
        options.types = NamespaceTypes(.uts)
        let plan = Plan(options, Plan.Resources())
        #expect(plan.launch.types == NamespaceTypes(.uts))
        #expect(plan.launch.shares)
        #expect(plan.launch.steps.last?.stage == "execveat held image")
    }

    @Test func settingsComeInTheKernelsOrder() {
        var options = Options()
        for type in NamespaceType.allCases { options.types.insert(type) }
        options.hostname = Array("box".utf8)
        options.loopbackUp = true
        options.proc = true
        options.monotonic = TimeOffset(5)
        options.uid = 1
        options.gid = 2
        options.groups = [3]
        options.cwd = Array("/".utf8)
        options.body = .program([Array("true".utf8)])
        let stages = stages(options)
        let wanted = [
            "write timens_offsets", "mount --make-rprivate /", "mount /proc", "sethostname", "link up", "setpgid", "setgroups", "setresgid",
            "setresuid", "chdir", "prctl", "close_range", "execve",
        ]
        let positions = wanted.map { position($0, stages) }
        #expect(!positions.contains(-1), "\(stages)")
        #expect(positions == positions.sorted(), "\(stages)")
    }

    @Test func aCopyEntersItsTimeNamespaceByItself() {
        var options = Options()
        options.types = NamespaceTypes(.time)
        options.body = .function
        let plan = Plan(options, Plan.Resources())
        #expect(plan.launch.types.isEmpty)
        #expect(plan.launch.steps.contains { $0.stage == "enter time namespace" })
    }

    @Test func unchangedPropagationIsNoStep() {
        var options = Options()
        options.types = NamespaceTypes(.mnt)
        #expect(stages(options).contains("mount --make-rprivate /"))
        options.propagation = nil
        #expect(!stages(options).contains { $0.hasPrefix("mount") })
    }

    @Test func joiningAPidNamespaceTakesAnIntermediate() throws {
        var options = Options()
        options.body = .program([Array("true".utf8)])
        var types = NamespaceTypes(.uts)
        options.joins = [Join(descriptor: try Descriptor.memory("test"), mask: types, origin: .path("test"))]
        #expect(Plan(options, Plan.Resources()).launch.outer.isEmpty)
        types.insert(.pid)
        options.joins = [Join(descriptor: try Descriptor.memory("test"), mask: types, origin: .path("test"))]
        #expect(Plan(options, Plan.Resources()).launch.outer.map(\.stage).contains("setns"))
        types = NamespaceTypes(.time)
        options.joins = [Join(descriptor: try Descriptor.memory("test"), mask: types, origin: .path("test"))]
        #expect(Plan(options, Plan.Resources()).launch.outerCopies)
    }

    @Test(arguments: [(1.5, 1, 500_000_000), (-0.5, -1, 500_000_000), (-3, -3, 0), (0.9999999999, 1, 0)])
    func offsetsHaveNoNegativeNanoseconds(seconds: Double, whole: Int, nanoseconds: Int) throws {
        let offset = try #require(TimeOffset(seconds))
        #expect(offset.seconds == whole && offset.nanoseconds == nanoseconds)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 4_611_686_018, 1e300])
    func offsetsOutOfRange(seconds: Double) { #expect(TimeOffset(seconds) == nil) }
}
