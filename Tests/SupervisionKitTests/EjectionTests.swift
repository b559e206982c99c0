import SupervisionKit
import Testing

@Suite("What breakers may refuse of a kernel's replicas")
struct EjectionTests {
    typealias Replica = Ejection.Replica
    typealias ReplicaSet = Ejection.ReplicaSet

    private static let good = Replica(isUp: true)
    private static let hard = Replica(isUp: true, isRefused: true)
    private static let slow = Replica(isUp: true, isRefused: true, isMerelySlow: true)
    private static let down = Replica(isUp: false)
    /// Down, with a breaker that still refuses.
    private static let gone = Replica(isUp: false, isRefused: true, isMerelySlow: true)

    private static func decide(_ replicas: [Replica], max: Int) -> Ejection.Decision {
        Ejection.decide(replicas, maxEjected: max)
    }

    // P01: the percentage is computed after the ejection.
    @Test(arguments: [
        (1, 0.5, 0), (2, 0.5, 1), (3, 0.5, 1), (4, 0.5, 2), (5, 0.5, 2), (64, 0.5, 32),
        (3, 0, 0), (3, 1, 3), (3, 0.33, 0), (3, 0.34, 1), (10, 0.1, 1),
        (3, .nan, 0), (3, -1, 0), (3, 7, 3), (3, .infinity, 3), (3, -.infinity, 0),
        (0, 0.5, 0), (-5, 0.5, 0), (.min, 1, 0), (.max, 1, 64),
    ])
    func `the limit is the share rounded down`(replicas: Int, share: Double, limit: Int) {
        #expect(Ejection.limit(of: replicas, share: share) == limit)
    }

    @Test func `no share in per cent loses a replica to rounding`() {
        for replicas in 0...64 {
            for percent in 0...100 {
                let limit = Ejection.limit(of: replicas, share: Double(percent) / 100)
                #expect(limit == replicas * percent / 100, "\(percent) % of \(replicas)")
            }
        }
    }

    @Test func `calls go to those that nothing refuses`() {
        let decision = Self.decide([Self.good, Self.hard, Self.good, Self.down], max: 1)
        #expect(decision == .serve(ReplicaSet(places: [0, 2])))
    }

    @Test func `more refused than the limit and the rest get calls all the same`() {
        let decision = Self.decide([Self.hard, Self.good, Self.hard, Self.hard], max: 2)
        #expect(
            decision
                == .panic(serving: ReplicaSet(places: [1]), passOverLimit: ReplicaSet(places: [0]))
        )
        #expect(decision.eligible == ReplicaSet(places: [0, 1]))
    }

    @Test func `what is merely slow passes over the limit before what is broken`() {
        let decision = Self.decide([Self.hard, Self.hard, Self.slow, Self.good], max: 1)
        #expect(
            decision
                == .panic(
                    serving: ReplicaSet(places: [3]),
                    passOverLimit: ReplicaSet(places: [0, 2])
                )
        )
    }

    // P02, P03
    @Test func `one replica alone fails fast when it is broken and gets calls when it is slow`() {
        let limit = Ejection.limit(of: 1, share: 0.5)
        #expect(Self.decide([Self.good], max: limit) == .serve(ReplicaSet(places: [0])))
        #expect(Self.decide([Self.hard], max: limit) == .failFast)
        #expect(Self.decide([Self.slow], max: limit) == .letPass(ReplicaSet(places: [0])))
        #expect(Self.decide([Self.down], max: limit) == .noneUp)
    }

    // P03
    @Test func `of all refused only the merely slow ones that are up get calls`() {
        let decision = Self.decide([Self.hard, Self.slow, Self.gone, Self.slow], max: 2)
        #expect(decision == .letPass(ReplicaSet(places: [1, 3])))
    }

    @Test func `no replicas and none up are the same`() {
        #expect(Self.decide([], max: 1) == .noneUp)
        #expect(Self.decide([Self.down, Self.gone], max: 1) == .noneUp)
    }

    @Test func `one that is down is not ejected and draws on no limit`() {
        let decision = Self.decide([Self.good, Self.hard, Self.gone, Self.gone], max: 1)
        #expect(decision == .serve(ReplicaSet(places: [0])))
    }

    @Test(arguments: [-1, Int.min])
    func `a limit below nothing is nothing`(max: Int) {
        let decision = Self.decide([Self.good, Self.hard], max: max)
        #expect(decision.eligible == ReplicaSet(places: [0, 1]))
    }

    @Test func `the sixty-fourth replica counts and what is beyond gets no calls`() {
        let full = Array(repeating: Self.hard, count: 63) + [Self.good, Self.good]
        let decision = Self.decide(full, max: .max)
        #expect(decision == .serve(ReplicaSet(places: [63])))
    }

    @Test func `places of a set come out in order`() {
        let set = ReplicaSet(places: [63, 0, 5, 64, -1])
        #expect(set.count == 3)
        #expect((-1...3).map { set.place(at: $0) } == [nil, 0, 5, 63, nil])
        #expect([0, 5, 63].allSatisfy { set.contains(place: $0) })
        #expect(![-1, 1, 62, 64].contains { set.contains(place: $0) })
    }

    /// All sets of up to five replicas of five kinds, with every limit, against the rules.
    @Test func `no set of replicas breaks a rule`() {
        let kinds = [Self.good, Self.hard, Self.slow, Self.down, Self.gone]
        var bad = 0
        func walk(_ replicas: [Replica]) {
            for limit in 0...replicas.count where !Self.holds(replicas, limit) { bad += 1 }
            guard replicas.count < 5 else { return }
            for kind in kinds { walk(replicas + [kind]) }
        }
        walk([])
        #expect(bad == 0)
    }

    private static func holds(_ replicas: [Replica], _ limit: Int) -> Bool {
        let decision = decide(replicas, max: limit)
        let places = Set(replicas.indices.filter { decision.eligible.contains(place: $0) })
        let up = Set(replicas.indices.filter { replicas[$0].isUp })
        let refused = up.filter { replicas[$0].isRefused }
        let slow = refused.filter { replicas[$0].isMerelySlow }
        // Only what is up gets calls, and whatever is not refused does.
        guard places.isSubset(of: up), up.subtracting(refused).isSubset(of: places) else {
            return false
        }
        guard refused.count < up.count else {
            return switch decision {
            case .noneUp: up.isEmpty
            case .failFast: !up.isEmpty && slow.isEmpty
            case .letPass: !slow.isEmpty && places == slow
            case .serve, .panic: false
            }
        }
        // While one serves, no more than the limit are ejected, and no fewer than need be.
        guard up.count - places.count == min(limit, refused.count) else { return false }
        let broken = places.intersection(refused).subtracting(slow)
        guard broken.isEmpty || slow.isSubset(of: places) else { return false }
        return switch decision {
        case .serve: refused.count <= limit
        case .panic: refused.count > limit
        case .letPass, .failFast, .noneUp: false
        }
    }
}
