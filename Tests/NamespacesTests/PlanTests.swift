import Glibc
import Linux
import Testing

@testable import Namespaces

@Suite struct PlanTests {
    private static let root = Caller(uid: 0, gid: 0, maySetuid: true, maySetgid: true, isAdmin: true, deniesGroups: false)
    private static let user = Caller(uid: 1000, gid: 1000, maySetuid: false, maySetgid: false, isAdmin: false, deniesGroups: false)

    private func plan(_ options: Options, by caller: Caller = root) throws -> Plan { try Plan(options, Plan.Resources(), by: caller) }

    private func program() -> Options {
        var options = Options()
        options.body = .program([Array("/bin/true".utf8)])
        return options
    }

    /// A join of a descriptor of its own, whose number tells it from others.
    private func join(_ types: [NamespaceType]) throws -> Join {
        let mask = types.reduce(into: NamespaceTypes()) { $0.insert($1) }
        var join = Join(descriptor: try Descriptor.memory("test"), mask: mask, origin: .path(Array("test".utf8)))
        if mask.contains(.user) { join.ids = .asked(isOwn: false) }
        return join
    }

    private func setns(_ join: Join) -> Step.Action { .setns(descriptor: join.descriptor.raw, mask: join.mask.rawValue) }

    /// What every program that is not detached gets at its end, in this order.
    private let ending: [Step.Action] = [
        .dieWithParent(pidfd: -1), .signalAction(SIGPIPE, ignored: false), .closeOnExec(from: 3), .unblockSignals,
        .exec(candidates: [Array("/bin/true".utf8)], arguments: [Array("/bin/true".utf8)], environment: nil),
    ]

    @Test func aHeldProcessEndsInItsImage() throws {
        var options = Options()
        options.types = NamespaceTypes(.uts)
        let plan = try plan(options)
        #expect(plan.launch.types == NamespaceTypes(.uts))
        #expect(plan.launch.shares)
        #expect(
            plan.launch.steps.map(\.action) == [
                .setpgid, .signalAction(SIGCHLD, ignored: true), .dieWithParent(pidfd: -1), .unblockSignals, .closeOnExec(from: 0),
                .execDescriptor(-1, arguments: []),
            ])
    }

    @Test func settingsComeInTheKernelsOrder() throws {
        var options = program()
        for type in NamespaceType.allCases where type != .user && type != .time { options.types.insert(type) }
        options.hostname = Array("box".utf8)
        options.domainname = Array("domain".utf8)
        options.loopbackUp = true
        options.proc = true
        options.uid = 1
        options.gid = 2
        options.groups = [3, 4]
        options.cwd = Array("/usr".utf8)
        let (proc, slash) = (Array("proc".utf8), [UInt8(ascii: "/")])
        #expect(
            try plan(options).launch.steps.map(\.action) == [
                .mount(source: nil, target: slash, type: nil, flags: 1 << 14 | 1 << 18, data: nil),
                .mount(source: proc, target: slash + proc, type: proc, flags: 2 | 4 | 8, data: nil), .sethostname(Array("box".utf8)),
                .setdomainname(Array("domain".utf8)), .linkUp(Array("lo".utf8)), .setpgid, .setgroups([3, 4]), .setresgid(2), .setresuid(1),
                .chdir(Array("/usr".utf8)),
                .noteBirth,
            ] + ending)
    }

    @Test func mapsAreWrittenByWhoMayWriteThem() throws {
        var options = program()
        options.types = NamespaceTypes(.user)
        options.user = .root
        let asRoot = try plan(options)
        #expect(
            asRoot.meanwhile == [
                .write(file: "gid_map", contents: Array("0 0 1\n".utf8)), .write(file: "uid_map", contents: Array("0 0 1\n".utf8)),
            ])
        #expect(asRoot.launch.steps.map(\.action) == [.newKeyring, .setpgid, .noteBirth] + ending)
        let asUser = try plan(options, by: PlanTests.user)
        #expect(asUser.meanwhile.isEmpty)
        #expect(
            asUser.launch.steps.map(\.action) == [
                .writeProc(path: "self/setgroups", Array("deny".utf8)), .writeProc(path: "self/gid_map", Array("0 1000 1\n".utf8)),
                .writeProc(path: "self/uid_map", Array("0 1000 1\n".utf8)), .setpgid, .noteBirth,
            ] + ending)
    }

    @Test func anotherUserDoesNotGetRootsGroups() throws {
        var options = program()
        options.uid = 1234
        #expect(try plan(options).launch.steps.map(\.action) == [.setpgid, .setgroups([]), .setresuid(1234)] + ending)
        options.gid = 5
        #expect(try plan(options).launch.steps.map(\.action) == [.setpgid, .setgroups([]), .setresgid(5), .setresuid(1234)] + ending)
        // Root stays root, with its groups; what is asked for is done; and where they cannot be dropped nothing is tried.
        options.uid = 0
        #expect(try plan(options).launch.steps.map(\.action) == [.setpgid, .setresgid(5), .setresuid(0)] + ending)
        options.uid = 1234
        options.groups = [7]
        #expect(try plan(options).launch.steps.map(\.action) == [.setpgid, .setgroups([7]), .setresgid(5), .setresuid(1234)] + ending)
        options.groups = nil
        var denied = PlanTests.root
        denied.deniesGroups = true
        for caller in [denied, PlanTests.user] {
            #expect(try plan(options, by: caller).launch.steps.map(\.action) == [.setpgid, .setresgid(5), .setresuid(1234)] + ending)
        }
    }

    @Test func whoJoinsIsUndumpableFirst() throws {
        var options = program()
        let (user, net) = (try join([.user]), try join([.net]))
        options.joins = [user, net]
        // Who has power over all of them keeps it until the user namespace is joined, and takes no groups there.
        #expect(
            try plan(options).launch.steps.map(\.action)
                == [
                    .newKeyring, .dumpable(false), .setgroups([]), setns(net), setns(user), .becomeRoot(mayKeep: false), .setpgid,
                    .checkIds(uid: 0, gid: 0, noGroups: true), .noteBirth,
                ] + ending)
        // Who has none gains it there.
        #expect(
            try plan(options, by: PlanTests.user).launch.steps.map(\.action)
                == [
                    .dumpable(false), setns(user), setns(net), .becomeRoot(mayKeep: false), .setpgid,
                    .checkIds(uid: 0, gid: 0, noGroups: false), .noteBirth,
                ] + ending)
        // Ids that are asked for, or kept, are not root's.
        options.keepsCredentials = true
        #expect(
            try plan(options).launch.steps.map(\.action) == [.newKeyring, .dumpable(false), setns(net), setns(user), .setpgid, .noteBirth]
                + ending)
        options.keepsCredentials = false
        // A uid alone takes a gid along.
        options.uid = 3
        #expect(
            try plan(options).launch.steps.map(\.action)
                == [
                    .newKeyring, .dumpable(false), .setgroups([]), setns(net), setns(user), .setpgid, .setresgid(0), .setresuid(3),
                    .checkIds(uid: 3, gid: 0, noGroups: true), .noteBirth,
                ] + ending)
        // No user namespace, no change of ids.
        options.uid = nil
        options.joins = [net]
        #expect(try plan(options).launch.steps.map(\.action) == [.dumpable(false), setns(net), .setpgid] + ending)
    }

    @Test func aCopyEntersItsTimeNamespaceByItself() throws {
        var options = Options()
        options.types = NamespaceTypes(.time)
        options.monotonic = TimeOffset(5)
        options.body = .function
        let plan = try plan(options)
        #expect(plan.launch.types.isEmpty)
        #expect(
            plan.launch.steps.map(\.action).prefix(3) == [
                .unshare(NamespaceType.time.flag), .writeProc(path: "self/timens_offsets", Array("monotonic 5 0\n".utf8)),
                .setnsProc(path: "self/ns/time_for_children", type: NamespaceType.time.flag),
            ])
    }

    @Test func aCopyIsUndumpable() throws {
        var options = Options()
        options.body = .function
        #expect(try plan(options).launch.steps.map(\.action).contains(.dumpable(false)))
        // An ordinary user's nssh looks at its namespaces before.
        #expect(try plan(options, by: PlanTests.user).launch.closing.map(\.action) == [.dumpable(false)])
    }

    @Test func unchangedPropagationIsNoStep() throws {
        var options = Options()
        options.types = NamespaceTypes(.mnt)
        #expect(try plan(options).launch.steps.map(\.stage).contains("mount --make-rprivate /"))
        options.propagation = nil
        #expect(try !plan(options).launch.steps.contains { $0.stage.hasPrefix("mount") })
    }

    @Test func joiningAPidNamespaceTakesAnIntermediate() throws {
        var options = program()
        options.joins = [try join([.uts])]
        #expect(try plan(options).launch.outer.isEmpty)
        options.joins = [try join([.uts, .pid])]
        #expect(try plan(options).launch.outer.map(\.action) == [.dumpable(false), setns(options.joins[0])])
        options.joins = [try join([.time])]
        #expect(try plan(options).launch.outerCopies)
    }

    /// In a shared namespace they would change what is everybody's.
    @Test func settingsAreForNewNamespaces() throws {
        let settings: [(type: NamespaceType, set: (inout Options) -> Void)] = [
            (.uts, { $0.hostname = [65] }), (.uts, { $0.domainname = [65] }), (.net, { $0.loopbackUp = true }), (.mnt, { $0.proc = true }),
            (.time, { $0.monotonic = TimeOffset(1) }), (.time, { $0.boottime = TimeOffset(1) }), (.pid, { $0.initProcess = true }),
            (.user, { $0.user = .root }),
        ]
        for setting in settings {
            var options = program()
            setting.set(&options)
            do throws(Failure) {
                _ = try Plan(options, Plan.Resources())
                Issue.record("\(setting.type) is not among the types")
            } catch { #expect(error.code == "EINVAL" && error.target == setting.type.rawValue, "\(error.message)") }
            options.types.insert(setting.type)
            #expect(throws: Never.self) { try plan(options) }
        }
    }

    /// Also what scripts have no option for: nobody has to remember it in two more places.
    @Test func whatHasNoWordIsRefusedByName() throws {
        // Each has its name, and the types have their own.
        #expect(Options.names.count == Mirror(reflecting: Options()).children.count - 1)
        let changes: [(name: String, change: (inout Options) -> Void)] = [
            ("foreground", { $0.foreground = true }), ("standing", { $0.standing = .beside }),
            ("preserve-credentials", { $0.keepsCredentials = true }), ("session", { $0.session = .kept }),
            ("fds", { $0.grants = [Options.Grant(3, 1)] }),
        ]
        for (name, change) in changes {
            var options = program()
            #expect(try PlanCommand.text(for: options).lossy == "/bin/true")
            change(&options)
            do throws(Inexpressible) { Issue.record("\(name): \(try PlanCommand.text(for: options).lossy)") } catch {
                #expect(error.reason.hasPrefix("\(name): "))
            }
            do throws(Inexpressible) { Issue.record("\(name): \(try PlanGo.text(for: options))") } catch {
                #expect(error.reason.hasPrefix("\(name): "))
            }
        }
    }

    @Test(arguments: [(1.5, 1, 500_000_000), (-0.5, -1, 500_000_000), (-3, -3, 0), (0.9999999999, 1, 0)])
    func offsetsHaveNoNegativeNanoseconds(seconds: Double, whole: Int, nanoseconds: Int) throws {
        let offset = try #require(TimeOffset(seconds))
        #expect(offset.seconds == whole && offset.nanoseconds == nanoseconds)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, 4_611_686_018, 1e300])
    func offsetsOutOfRange(seconds: Double) { #expect(TimeOffset(seconds) == nil) }
}
