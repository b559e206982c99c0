import Resilience
import SupervisionKit

/// Three faults open the breaker; while it is open nothing reaches the backend; a good trial
/// closes it.
func breakerExample() async throws {
    var policies = ResilienceConfiguration.production
    policies.breaker.failureThreshold = 3
    policies.breaker.successThreshold = 1
    policies.breaker.timeout = .milliseconds(50)
    let breaker = Breaker("graph/pagerank", policy: policies.breaker) { transition in
        print("  transition: \(transition)")
    }
    let backend = FlakyBackend(failures: 3)
    for _ in 1...4 {
        do {
            print("  \(try await breaker.call { try await backend.rank() })")
        } catch let refusal as Refusal {
            print("  \(refusal)")
            try await Task.sleep(for: refusal.retryDelay)
        } catch {
            print("  failed: \(error)")
        }
    }
    print("  \(try await breaker.call { try await backend.rank() })")
}
