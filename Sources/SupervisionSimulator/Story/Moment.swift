package import SupervisionKit

/// A fact and its instant by the daemon's clock.
package struct Moment: Hashable, Sendable {
    package var at: Instant
    package var fact: Fact

    package init(at: Instant, _ fact: Fact) {
        self.at = at
        self.fact = fact
    }
}
