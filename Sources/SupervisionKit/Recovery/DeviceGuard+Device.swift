extension DeviceGuard {
    /// What is known about one device.
    struct Device: Hashable {
        struct Death: Hashable {
            var slot: Int
            var at: Instant
            /// Whether the slot was let start since, and is not ready yet.
            var isStarting = false
        }

        private enum Phase: Hashable {
            case trusted
            /// `held`: the slots that asked in vain.
            case suspect(canary: Int?, held: Set<Int>)
            /// `starts`: when each slot that was held may start, until it does.
            case releasing(until: Instant, starts: [Int: Instant])
        }

        private var phase = Phase.trusted
        /// The last death of each slot within the window, oldest first; fewer than the threshold,
        /// for when there are as many the device is suspect and they have served their purpose.
        private var deaths: [Death] = []

        func state(at now: Instant) -> State {
            switch phase {
            case .trusted: .trusted
            case .suspect(let canary, _): .suspect(canary: canary)
            case .releasing(let until, _): now < until ? .releasing(until: until) : .trusted
            }
        }

        /// Nobody waits here, and nothing recent speaks against the device.
        func isForgettable(at now: Instant, _ window: Duration) -> Bool {
            switch phase {
            case .suspect(let canary, let held): canary == nil && held.isEmpty
            case .releasing(let until, _) where now < until: false
            case .trusted, .releasing: deaths.allSatisfy { now.since($0.at) >= window }
            }
        }

        mutating func died(
            _ slot: Int,
            at now: Instant,
            threshold: Int,
            _ window: Duration
        ) -> Action {
            switch phase {
            case .suspect(slot, _): return .canaryFailed
            case .suspect: return .none
            case .trusted, .releasing: break
            }
            deaths.removeAll { $0.slot == slot || now.since($0.at) >= window }
            deaths.append(Death(slot: slot, at: now))
            guard deaths.count >= threshold else { return .none }
            // One that died first and starts already is the canary: there must not be a second.
            let canary = deaths.last { $0.isStarting }?.slot
            phase = .suspect(canary: canary, held: [])
            deaths = []
            return .suspected
        }

        mutating func mayStart(_ slot: Int, at now: Instant) -> Permission {
            switch phase {
            case .trusted:
                break
            case .suspect(nil, var held):
                held.remove(slot)
                phase = .suspect(canary: slot, held: held)
            case .suspect(slot, _):
                break
            case .suspect(let canary, var held):
                held.insert(slot)
                phase = .suspect(canary: canary, held: held)
                return .waitForCanary
            case .releasing(let until, var starts):
                if let start = starts[slot], now < start { return .notBefore(start) }
                starts[slot] = nil
                phase = now < until ? .releasing(until: until, starts: starts) : .trusted
            }
            markStarting(slot, true)
            return .yes
        }

        mutating func ready(
            _ slot: Int,
            at now: Instant,
            spread: Duration,
            using generator: inout some RandomNumberGenerator
        ) -> Action {
            markStarting(slot, false)
            guard case .suspect(slot, let held) = phase else { return .none }
            let order = held.sorted()
            let longest = max(0, spread.saturatedNanoseconds)
            var starts: [Int: Instant] = [:]
            for slot in order {
                starts[slot] = now + .nanoseconds(Int64.random(in: 0...longest, using: &generator))
            }
            phase = .releasing(until: now + .nanoseconds(longest), starts: starts)
            return .released(order)
        }

        mutating func withdraw(_ slot: Int) -> Action {
            deaths.removeAll { $0.slot == slot }
            switch phase {
            case .trusted:
                return .none
            case .suspect(slot, let held):
                phase = .suspect(canary: nil, held: held)
                return .needsCanary(held: held.sorted())
            case .suspect(let canary, var held):
                held.remove(slot)
                phase = .suspect(canary: canary, held: held)
                return .none
            case .releasing(let until, var starts):
                starts[slot] = nil
                phase = .releasing(until: until, starts: starts)
                return .none
            }
        }

        private mutating func markStarting(_ slot: Int, _ isStarting: Bool) {
            guard let index = deaths.firstIndex(where: { $0.slot == slot }) else { return }
            deaths[index].isStarting = isStarting
        }
    }
}
