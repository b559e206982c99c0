package import SupervisionKit

/// Promise 7: the watchdog's word is worth something only if the books agree.
package struct BooksAgree: Checker {
    package static let promise = "The core's own books agree after every turn."

    package init() {}

    package mutating func observe(_ fact: Fact, at now: Instant) -> String? {
        guard case .core(.turnEnded(isConsistent: false)) = fact else { return nil }
        return "the core finds its own books at odds"
    }
}
