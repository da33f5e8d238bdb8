import Testing

@testable import LuaKit

@Suite struct LeakTests {
    @Test func throwsReleaseWhatTheFrameHolds() throws {
        let counter = Counter()
        let fail = binding("fail") { call throws(LuaError) in
            let items = (0..<5).map { _ in Counter.Item(counter) }
            let last = Counter.Item(counter)
            guard items.count + last.counter.living < 0 else { throw .message("failed with \(items.count)") }
            return 0
        }
        let state = try makeState(fail)
        let loop = "for i = 1, 50000 do assert(not pcall(t.fail, {}, 'x')) end"
        _ = state.run(loop)
        let before = state.memoryAfterCollection
        _ = state.run(loop)
        #expect(counter.made == 600_000)
        #expect(counter.living == 0)
        #expect(abs(state.memoryAfterCollection - before) < 4096)
    }

    @Test func errorsThroughSwiftAndBackReleaseTheirReferences() throws {
        let counter = Counter()
        let through = binding("through") { call throws(LuaError) in
            let item = Counter.Item(counter)
            do throws(LuaError) { try call.lua.call(arguments: 0) } catch {
                guard item.counter.living < 0 else { throw error }
            }
            return 0
        }
        let state = try makeState(through)
        let loop =
            "for i = 1, 20000 do local e = {}; local _, got = pcall(t.through, function() error(e) end); assert(got == e) end"
        _ = state.run(loop)
        let before = state.memoryAfterCollection
        _ = state.run(loop)
        #expect(counter.made == 40_000)
        #expect(counter.living == 0)
        #expect(abs(state.memoryAfterCollection - before) < 4096)
    }

    @Test func referencesAndErrorsMayOutliveTheState() throws {
        var kept: LuaError?
        do {
            let state = try makeState(
                binding("new") { call throws(LuaError) in
                    call.lua.push(Box("a"))
                    return 1
                })
            do throws(LuaError) { _ = try state.perform("kept = t.new() error({})") } catch { kept = error }
        }
        guard case .value = kept else {
            Issue.record("no value")
            return
        }
        kept = nil
    }

    @Test func aStateWithoutCloseReleasesItsObjects() throws {
        let counter = Counter()
        do {
            let state = try makeState(
                binding("new") { call throws(LuaError) in
                    call.lua.push(Box("a", item: Counter.Item(counter)))
                    return 1
                })
            #expect(state.run("kept = t.new() return kept") == "box a")
            #expect(counter.living == 1)
        }
        #expect(counter.living == 0)
    }
}
