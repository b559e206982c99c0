import SupervisionKit
import Testing

@Suite("The health of a whole")
struct HealthStatusTests {
    // W07
    @Test func `a whole without parts is unknown, and unknown is not healthy`() {
        #expect(HealthStatus.aggregate([]) == .unknown)
        #expect(!HealthStatus.unknown.isHealthy)
        #expect(!HealthStatus.degraded("").isHealthy && !HealthStatus.unhealthy("").isHealthy)
        #expect(HealthStatus.healthy.isHealthy)
    }

    @Test func `the worst part wins, wherever it stands`() {
        let ordered: [HealthStatus] = [.healthy, .unknown, .degraded("d"), .unhealthy("u")]
        for (low, better) in ordered.enumerated() {
            for worse in ordered[low...] {
                #expect(HealthStatus.aggregate([better, worse]) == worse)
                #expect(HealthStatus.aggregate([worse, better]) == worse)
            }
            #expect(HealthStatus.aggregate(ordered[...low]) == better)
        }
    }

    @Test func `of parts as bad the first one's reason is given`() {
        let parts: [HealthStatus] = [.healthy, .degraded("first"), .degraded("second")]
        #expect(HealthStatus.aggregate(parts) == .degraded("first"))
    }
}
