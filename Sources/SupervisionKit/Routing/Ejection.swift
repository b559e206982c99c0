/// Which replicas get calls when breakers refuse some of them.
///
/// A breaker looks at one worker alone and may be wrong about it for a reason that all share. So
/// what breakers refuse is bounded: at most a share of a kernel's replicas is ejected, counted
/// after the ejection, and the rest get calls although they are refused. When all are refused, what
/// is merely slow gets calls, for late is better than never, and what is broken fails fast.
///
/// All functions are pure and work on one bit a replica: nothing is allocated for a call.
public enum Ejection {
    /// A kernel has no more replicas than this; what an owner passes beyond it gets no calls.
    public static let maxReplicas = 64

    /// What is known of one replica.
    public struct Replica: Hashable, Sendable {
        /// Its process is ready.
        public var isUp: Bool
        /// Its breaker refuses calls.
        public var isRefused: Bool
        /// Its breaker refuses for slowness alone.
        public var isMerelySlow: Bool

        public init(isUp: Bool, isRefused: Bool = false, isMerelySlow: Bool = false) {
            self.isUp = isUp
            self.isRefused = isRefused
            self.isMerelySlow = isMerelySlow
        }
    }

    /// Replicas by their place in the collection.
    public struct ReplicaSet: OptionSet, Hashable, Sendable {
        public let rawValue: UInt64

        public init(rawValue: UInt64) {
            self.rawValue = rawValue
        }

        /// The replicas at `places`, of which those from 0 to 63 count.
        public init(places: some Sequence<Int>) {
            rawValue = places.reduce(0) { $0 | Self.bit($1) }
        }

        public var count: Int { rawValue.nonzeroBitCount }

        public func contains(place: Int) -> Bool { rawValue & Self.bit(place) != 0 }

        /// The place of the member that `index` members stand before; nil when there is none.
        public func place(at index: Int) -> Int? {
            guard index >= 0, index < count else { return nil }
            return subtracting(prefix(index)).rawValue.trailingZeroBitCount
        }

        /// The `count` replicas with the lowest places, all of them when there are fewer.
        func prefix(_ count: Int) -> ReplicaSet {
            var rest = rawValue
            for _ in 0..<min(max(0, count), self.count) { rest &= rest &- 1 }
            return ReplicaSet(rawValue: rawValue & ~rest)
        }

        private static func bit(_ place: Int) -> UInt64 {
            (0..<maxReplicas).contains(place) ? 1 << UInt64(place) : 0
        }
    }

    public enum Decision: Hashable, Sendable {
        /// Calls go to these; no breaker refuses them.
        case serve(ReplicaSet)
        /// More are refused than may be ejected: calls go to those not refused and to as many of
        /// the refused as are over the limit, merely slow ones first.
        case panic(serving: ReplicaSet, passOverLimit: ReplicaSet)
        /// All that are up are refused: calls go to these, which are merely slow.
        case letPass(ReplicaSet)
        /// All that are up are refused, and none is merely slow.
        case failFast
        case noneUp

        /// The replicas that get calls.
        public var eligible: ReplicaSet {
            switch self {
            case .serve(let replicas), .letPass(let replicas): replicas
            case .panic(let serving, let passOverLimit): serving.union(passOverLimit)
            case .failFast, .noneUp: []
            }
        }
    }

    /// How many of so many replicas may be ejected together: `share` of them, rounded down.
    ///
    /// - Parameters:
    ///   - replicas: configured, whether they are up or not.
    ///   - share: 0 to 1 and clamped to it; no number at all counts as 0.
    /// - Returns: 0 to `replicas`, and to `maxReplicas`.
    public static func limit(of replicas: Int, share: Double) -> Int {
        guard replicas > 0, share > 0 else { return 0 }
        // 0.58 · 50 is a little less than 29 in binary; a share in per cent must not lose one.
        let rounding = 1e-9
        let count = min(replicas, maxReplicas)
        return Int(Double(count) * min(share, 1) + rounding)
    }

    /// Decides which of a kernel's replicas get calls.
    public static func decide(
        _ replicas: some Collection<Replica>,
        maxEjected: Int
    ) -> Decision {
        var up: ReplicaSet = []
        var refused: ReplicaSet = []
        var slow: ReplicaSet = []
        var bit = ReplicaSet(rawValue: 1)
        for replica in replicas.prefix(maxReplicas) {
            if replica.isUp {
                up.formUnion(bit)
                if replica.isRefused {
                    refused.formUnion(bit)
                    if replica.isMerelySlow { slow.formUnion(bit) }
                }
            }
            bit = ReplicaSet(rawValue: bit.rawValue << 1)
        }
        guard !up.isEmpty else { return .noneUp }
        let serving = up.subtracting(refused)
        guard !serving.isEmpty else { return slow.isEmpty ? .failFast : .letPass(slow) }
        let excess = refused.count - max(0, min(maxEjected, maxReplicas))
        guard excess > 0 else { return .serve(serving) }
        let passing = slow.prefix(excess)
        let others = refused.subtracting(slow).prefix(excess - passing.count)
        return .panic(serving: serving, passOverLimit: passing.union(others))
    }
}
