import Glibc
import Testing

@testable import Linux

@Suite struct ErrnoTests {
    @Test(arguments: [(EPERM, "EPERM"), (ENOSPC, "ENOSPC"), (EUSERS, "EUSERS"), (9999, "E9999")])
    func names(number: Int32, name: String) { #expect(Errno(rawValue: number).name == name) }

    @Test func aFailureNamesStepTargetReasonAndHint() {
        let failure = Failure("mount", Errno(rawValue: EPERM), stage: "mount /proc", target: "/proc", hint: "add pid = true")
        #expect(failure.message == "mount /proc: Operation not permitted; add pid = true")
        #expect(failure.code == "EPERM")
        let other = Failure("sethostname", Errno(rawValue: EINVAL), target: "\"box\"")
        #expect(other.message == "sethostname(\"box\"): Invalid argument")
    }

    @Test func aFailedCallTakesErrnoAtOnce() {
        #expect {
            try check(open("/nonesuch", O_RDONLY), "open", target: "/nonesuch")
        } throws: { ($0 as? Failure)?.errno?.rawValue == ENOENT && ($0 as? Failure)?.target == "/nonesuch" }
    }
}
