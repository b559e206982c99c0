import Resilience
import SupervisionKit

/// Each try passes the breaker anew, so that a breaker that opens ends the retries: a refusal is
/// never tried again.
func retryExample() async throws {
    var policies = ResilienceConfiguration.default
    policies.retry.initial = .milliseconds(10)
    let breaker = Breaker("graph/pagerank", policy: policies.breaker)
    let retry = Retry("graph/pagerank", policy: policies.retry) { event in
        print("  try \(event.attempt) failed")
    }
    let backend = FlakyBackend(failures: 2)
    let ranks = try await retry.execute { attempt in
        print("  try \(attempt.number)")
        return try await breaker.call { try await backend.rank() }
    }
    print("  \(ranks); \(retry.available) retries left for now")
}
