import SupervisionKit
import Testing

/// Every sequence of events up to a depth with three slots of one device.
@Suite("Every walk through the guard of devices")
struct DeviceGuardWalkTests {
    private enum Activity: Hashable {
        case idle, starting, ready
    }

    private struct Walker: Hashable {
        var guardian = DeviceGuard()
        var now = Instant(nanoseconds: 1_000_000_000)
        var slots: [Activity] = [.ready, .ready, .ready]
        /// The slots that were let start while the device was suspect.
        var tried: Set<Int> = []
        var broken = 0
    }

    private enum Event: CaseIterable {
        case died, ask, ready, withdraw, second
    }

    private static func isSuspect(_ walker: Walker) -> Bool {
        switch walker.guardian.state(of: "gpu", at: walker.now) {
        case .suspect: true
        case .trusted, .releasing: false
        }
    }

    private static func take(_ event: Event, _ slot: Int, _ walker: inout Walker) {
        var random = SplitMix64(seed: 7)
        let now = walker.now
        switch (event, walker.slots[slot]) {
        case (.died, .starting), (.died, .ready):
            walker.slots[slot] = .idle
            walker.tried.remove(slot)
            _ = walker.guardian.died(slot: slot, device: "gpu", at: now)
        case (.ask, .idle):
            let permission = walker.guardian.mayStart(slot: slot, device: "gpu", at: now)
            guard permission == .yes else { break }
            walker.slots[slot] = .starting
            if isSuspect(walker) { walker.tried.insert(slot) }
        case (.ready, .starting):
            walker.slots[slot] = .ready
            _ = walker.guardian.ready(slot: slot, device: "gpu", at: now, using: &random)
            walker.tried.remove(slot)
        case (.withdraw, .idle), (.withdraw, .starting):
            walker.slots[slot] = .idle
            walker.tried.remove(slot)
            _ = walker.guardian.withdraw(slot: slot, device: "gpu")
        case (.second, _):
            walker.now = now + .seconds(1)
        case (.died, .idle), (.ask, .starting), (.ask, .ready), (.ready, .idle), (.ready, .ready),
            (.withdraw, .ready):
            break
        }
        if !isSuspect(walker) { walker.tried = [] }
        // While a device is suspect, one slot is tried at a time.
        if walker.tried.count > 1 { walker.broken += 1 }
        if case .suspect(let canary?) = walker.guardian.state(of: "gpu", at: walker.now),
            walker.tried.contains(where: { $0 != canary })
        {
            walker.broken += 1
        }
    }

    /// From here on all who may start do so and live: soon all are ready and the device trusted.
    private static func recovers(_ start: Walker) -> Bool {
        var walker = start
        for _ in 0..<4 {
            for slot in walker.slots.indices { take(.ask, slot, &walker) }
            for slot in walker.slots.indices { take(.ready, slot, &walker) }
            take(.second, 0, &walker)
        }
        return walker.slots == [.ready, .ready, .ready]
            && (walker.guardian.state(of: "gpu", at: walker.now) == .trusted
                // Nobody started since, so that nobody could show that the device works.
                || start.slots == walker.slots)
    }

    @Test func `no sequence of eight events tries two at once or holds a slot for ever`() {
        var seen: Set<Walker> = []
        var level: [Walker] = [Walker()]
        for _ in 0..<8 {
            var next: [Walker] = []
            for walker in level {
                for event in Event.allCases {
                    for slot in 0..<(event == .second ? 1 : 3) {
                        var walker = walker
                        Self.take(event, slot, &walker)
                        if seen.insert(walker).inserted { next.append(walker) }
                    }
                }
            }
            level = next
        }
        #expect(seen.count > 1000)
        #expect(seen.allSatisfy { $0.broken == 0 })
        #expect(seen.allSatisfy(Self.recovers))
    }
}
