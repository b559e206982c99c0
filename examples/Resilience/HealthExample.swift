import Resilience
import SupervisionKit

/// Two parts, one of which fails: three facts for three questions.
func healthExample() async throws {
    var policy = HealthPolicy()
    policy.failureThreshold = 1
    let monitor = HealthMonitor(policy: policy)
    await monitor.register("graph/pagerank") { .ok }
    await monitor.register("stats/kmeans") { .failed("no device") }
    for (name, status) in await monitor.checkAll().sorted(by: { $0.key < $1.key }) {
        print("  \(name): \(status)")
    }
    let facts = await monitor.facts
    print("  started \(facts.isStarted), ready \(facts.isReady), live \(facts.isLive)")
}
