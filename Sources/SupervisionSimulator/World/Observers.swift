internal import SupervisionKit

/// Those who follow a run: the checkers, and whoever wants the story.
struct Observers: Sendable {
    private var checkers: [any Checker]
    /// The first promise that was broken.
    private(set) var violation: Violation?
    private(set) var story: [Moment] = []
    private(set) var coverage = Coverage()
    private let keepsStory: Bool

    init(_ checkers: [any Checker.Type], keepsStory: Bool) {
        self.checkers = checkers.map { $0.init() }
        self.keepsStory = keepsStory
    }

    mutating func observe(_ moment: Moment) {
        guard violation == nil else { return }
        coverage.observe(moment.fact)
        if keepsStory { story.append(moment) }
        for index in checkers.indices {
            guard let message = checkers[index].observe(moment.fact, at: moment.at) else {
                continue
            }
            violation = Violation(
                checker: checkers[index].name,
                promise: type(of: checkers[index]).promise,
                message: message,
                at: moment.at
            )
            return
        }
    }
}
