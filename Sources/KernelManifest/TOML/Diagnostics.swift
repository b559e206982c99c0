/// Collects the errors of one or several files, so that a user sees all of them at once.
///
/// A class, because every reader of every table adds to the same list; used on one thread.
package final class Diagnostics {
    /// Errors that are kept; a file that is no configuration at all could have thousands.
    package static let maxKept = 200

    /// In order of discovery.
    private var kept: [Diagnostic] = []
    /// All that were added, those not kept included.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package func add(_ diagnostic: Diagnostic) {
        count += 1
        if kept.count < Diagnostics.maxKept {
            kept.append(diagnostic)
        }
    }

    package func add(_ errors: ConfigurationErrors) {
        for diagnostic in errors.diagnostics {
            add(diagnostic)
        }
    }

    /// By file, then by place.
    package var inOrder: [Diagnostic] {
        kept.enumerated().sorted { left, right in
            (left.element.path, left.element.span.position, left.offset)
                < (right.element.path, right.element.span.position, right.offset)
        }.map(\.element)
    }

    /// Throws everything that was collected, if anything was.
    package func throwIfAny() throws(ConfigurationErrors) {
        guard isEmpty else { throw ConfigurationErrors(inOrder) }
    }
}

/// Why files can't be taken as configuration: at least one error, in order of place.
package struct ConfigurationErrors: Error, Hashable, Sendable, CustomStringConvertible {
    package var diagnostics: [Diagnostic]

    package init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    package var description: String {
        diagnostics.map(\.description).joined(separator: "\n")
    }
}
