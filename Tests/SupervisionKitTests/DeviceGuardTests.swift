import SupervisionKit
import Testing

// E04: many workers of one device die together.
@Suite("The guard of devices")
struct DeviceGuardTests {
    private static let gpu = "Test GPU"
    private static let start = Instant(nanoseconds: 1_000_000_000_000)

    /// A guard with slots of one device, and a clock.
    private struct Bench {
        var guardian = DeviceGuard()
        var now = start
        var random = SplitMix64(seed: 1)

        mutating func died(_ slot: Int, on device: String = gpu) -> DeviceGuard.Action {
            guardian.died(slot: slot, device: device, at: now)
        }

        mutating func ask(_ slot: Int, on device: String = gpu) -> DeviceGuard.Permission {
            guardian.mayStart(slot: slot, device: device, at: now)
        }

        mutating func ready(_ slot: Int, on device: String = gpu) -> DeviceGuard.Action {
            guardian.ready(slot: slot, device: device, at: now, using: &random)
        }

        mutating func withdraw(_ slot: Int, on device: String = gpu) -> DeviceGuard.Action {
            guardian.withdraw(slot: slot, device: device)
        }

        func state(_ device: String = gpu) -> DeviceGuard.State {
            guardian.state(of: device, at: now)
        }

        /// Slots 0 to 3 died, and 0 is the canary.
        static func suspect() -> Bench {
            var bench = Bench()
            for slot in 0..<4 { _ = bench.died(slot) }
            _ = bench.ask(0)
            return bench
        }

        /// The same, and the others have asked in vain.
        static func held() -> Bench {
            var bench = Bench.suspect()
            for slot in 1..<4 { _ = bench.ask(slot) }
            return bench
        }
    }

    @Test func `one death holds nobody`() {
        var bench = Bench()
        #expect(bench.died(0) == .none)
        #expect(bench.state() == .trusted)
        #expect(bench.ask(0) == .yes)
        #expect(bench.ask(1) == .yes)
    }

    @Test func `two deaths of one slot are no fault of the device`() {
        var bench = Bench()
        #expect((0..<10).map { _ in bench.died(0) } == Array(repeating: .none, count: 10))
        #expect(bench.state() == .trusted)
    }

    @Test(arguments: [(4999, true), (5000, false)])
    func `two slots must die within the window`(milliseconds: Int, isSuspect: Bool) {
        var bench = Bench()
        _ = bench.died(0)
        bench.now = bench.now + .milliseconds(milliseconds)
        #expect(bench.died(1) == (isSuspect ? .suspected : .none))
    }

    @Test func `deaths on two devices are no fault of either`() {
        var bench = Bench()
        _ = bench.died(0, on: "a")
        #expect(bench.died(1, on: "b") == .none)
    }

    @Test func `the first that asks is the canary and the others wait`() {
        var bench = Bench()
        #expect((0..<4).map { bench.died($0) } == [.none, .suspected, .none, .none])
        #expect(bench.state() == .suspect(canary: nil))
        #expect(bench.ask(0) == .yes)
        #expect((1..<4).map { bench.ask($0) } == Array(repeating: .waitForCanary, count: 3))
        #expect(bench.state() == .suspect(canary: 0))
        #expect(bench.ask(0) == .yes)
    }

    @Test func `one that starts already when the second dies is the canary`() {
        var bench = Bench()
        _ = bench.died(0)
        #expect(bench.ask(0) == .yes)
        #expect(bench.died(1) == .suspected)
        #expect(bench.state() == .suspect(canary: 0))
        #expect(bench.ask(1) == .waitForCanary)
    }

    @Test func `one that was ready again when the second dies is no canary`() {
        var bench = Bench()
        _ = bench.died(0)
        _ = bench.ask(0)
        _ = bench.ready(0)
        _ = bench.died(1)
        #expect(bench.state() == .suspect(canary: nil))
    }

    @Test func `the canary's word lets the others follow each after a time of its own`() {
        var bench = Bench.held()
        #expect(bench.ready(0) == .released([1, 2, 3]))
        #expect(bench.state() == .releasing(until: bench.now + .seconds(1)))
        var instants: Set<Instant> = []
        for slot in 1..<4 {
            guard case .notBefore(let instant) = bench.ask(slot) else {
                Issue.record("slot \(slot) may start at once")
                continue
            }
            instants.insert(instant)
            #expect(instant > bench.now && instant <= bench.now + .seconds(1))
        }
        #expect(instants.count == 3)
        for instant in instants.sorted() {
            bench.now = instant
            #expect((1..<4).contains { bench.ask($0) == .yes })
        }
        bench.now = Self.start + .seconds(1)
        #expect((1..<4).map { bench.ask($0) } == [.yes, .yes, .yes])
        #expect(bench.state() == .trusted)
    }

    @Test func `the delays fill the whole second`() {
        var bench = Bench()
        for slot in 0..<1000 { _ = bench.died(slot) }
        for slot in 0..<1000 { _ = bench.ask(slot) }
        _ = bench.ready(0)
        var tenths = Array(repeating: 0, count: 10)
        for slot in 1..<1000 {
            guard case .notBefore(let instant) = bench.ask(slot) else { continue }
            tenths[min(9, Int(instant.since(bench.now) / .milliseconds(100)))] += 1
        }
        #expect(tenths.allSatisfy { (60...140).contains($0) }, "\(tenths)")
    }

    @Test func `who was not held may start at once when the canary lives`() {
        var bench = Bench.held()
        _ = bench.ready(0)
        #expect(bench.ask(9) == .yes)
    }

    @Test func `only the canary's word counts`() {
        var bench = Bench.held()
        #expect(bench.ready(2) == .none)
        #expect(bench.state() == .suspect(canary: 0))
    }

    @Test func `a canary that dies is the canary of the next try`() {
        var bench = Bench.held()
        #expect(bench.died(0) == .canaryFailed)
        #expect(bench.ask(1) == .waitForCanary)
        #expect(bench.ask(0) == .yes)
        // W06: it comes back after a successful trial.
        #expect(bench.ready(0) == .released([1, 2, 3]))
    }

    @Test func `a canary that is given up is followed by the next that asks`() {
        var bench = Bench.held()
        #expect(bench.withdraw(0) == .needsCanary(held: [1, 2, 3]))
        #expect(bench.ask(1) == .yes)
        #expect(bench.ask(2) == .waitForCanary)
        #expect(bench.ready(1) == .released([2, 3]))
    }

    @Test func `who was held and is given up is not released`() {
        var bench = Bench.held()
        #expect(bench.withdraw(2) == .none)
        #expect(bench.ready(0) == .released([1, 3]))
        #expect(bench.withdraw(3) == .none)
        #expect(bench.ask(3) == .yes)
    }

    @Test func `deaths of others while one is tried change nothing`() {
        var bench = Bench.suspect()
        let former = bench.guardian
        #expect((5..<9).map { bench.died($0) } == Array(repeating: .none, count: 4))
        #expect(bench.guardian == former)
    }

    @Test func `a device that fails again while it is released is suspect again`() {
        var bench = Bench.held()
        _ = bench.ready(0)
        #expect(bench.died(0) == .none)
        #expect(bench.died(5) == .suspected)
        #expect(bench.ask(1) == .yes)
        #expect(bench.ask(2) == .waitForCanary)
    }

    @Test func `deaths before the canary lived count no more`() {
        var bench = Bench.held()
        _ = bench.ready(0)
        #expect(bench.died(1) == .none)
        #expect(bench.state() == .releasing(until: bench.now + .seconds(1)))
    }

    @Test func `an empty name is no device`() {
        var bench = Bench()
        #expect((0..<4).map { bench.died($0, on: "") } == Array(repeating: .none, count: 4))
        #expect(bench.guardian.trackedDevices == 0)
    }

    @Test func `beyond the maximum a device is never held and room comes back with time`() {
        var bench = Bench()
        for device in 0..<DeviceGuard.maxDevices { _ = bench.died(0, on: "\(device)") }
        _ = bench.died(0, on: "x")
        #expect(bench.died(1, on: "x") == .none)
        #expect(bench.guardian.trackedDevices == DeviceGuard.maxDevices)
        bench.now = bench.now + .seconds(5)
        _ = bench.died(0, on: "x")
        #expect(bench.died(1, on: "x") == .suspected)
        #expect(bench.guardian.trackedDevices == 1)
    }

    @Test func `a device that someone waits for is not forgotten for lack of room`() {
        var bench = Bench.held()
        bench.now = bench.now + .seconds(100)
        for device in 0...DeviceGuard.maxDevices { _ = bench.died(0, on: "\(device)") }
        #expect(bench.state() == .suspect(canary: 0))
    }

    @Test func `a device whose slots are being released is not forgotten for lack of room`() {
        var bench = Bench.held()
        _ = bench.ready(0)
        for device in 0...DeviceGuard.maxDevices { _ = bench.died(0, on: "\(device)") }
        #expect(bench.state() == .releasing(until: bench.now + .seconds(1)))
    }

    @Test(arguments: [Int.min, -1, 0, 1, 2])
    func `a threshold below two is two`(threshold: Int) {
        var bench = Bench(guardian: DeviceGuard(threshold: threshold))
        #expect((0..<2).map { bench.died($0) } == [.none, .suspected])
    }

    @Test func `a threshold beyond sixty-four is sixty-four`() {
        var bench = Bench(guardian: DeviceGuard(threshold: .max, window: .seconds(Int64.max)))
        for slot in 0..<63 { #expect(bench.died(slot) == .none) }
        #expect(bench.died(63) == .suspected)
    }

    @Test(arguments: [Duration.seconds(-1), .zero, .seconds(Int64.min)])
    func `a spread of nothing releases all at once`(spread: Duration) {
        var bench = Bench(guardian: DeviceGuard(spread: spread))
        for slot in 0..<4 { _ = bench.died(slot) }
        for slot in 0..<4 { _ = bench.ask(slot) }
        _ = bench.ready(0)
        #expect(bench.state() == .trusted)
        #expect((1..<4).map { bench.ask($0) } == [.yes, .yes, .yes])
    }

    @Test func `a spread without end does not trap`() {
        var bench = Bench(guardian: DeviceGuard(spread: .seconds(Int64.max)))
        for slot in 0..<2 { _ = bench.died(slot) }
        for slot in 0..<2 { _ = bench.ask(slot) }
        #expect(bench.ready(0) == .released([1]))
    }

    // C02
    @Test func `a clock that runs backwards does not trap`() {
        var bench = Bench()
        _ = bench.died(0)
        bench.now = .zero
        #expect(bench.died(1) == .suspected)
        _ = bench.ask(0)
        _ = bench.ask(1)
        #expect(bench.ready(0) == .released([1]))
    }
}
