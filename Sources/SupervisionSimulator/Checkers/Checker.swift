package import SupervisionKit

/// Holds the daemon to one promise, fact by fact.
///
/// A checker keeps its own books and believes nothing that the core says of itself, unless that is
/// the promise.
package protocol Checker: Sendable {
    /// The promise, as a sentence.
    static var promise: String { get }

    init()

    /// Takes in the next fact of the story.
    ///
    /// - Returns: how the promise is broken by it, if it is.
    mutating func observe(_ fact: Fact, at now: Instant) -> String?
}

extension Checker {
    package static var name: String { "\(Self.self)" }

    var name: String { Self.name }
}

/// All checkers there are.
package enum Checkers {
    package static let all: [any Checker.Type] = [
        EveryCallEndsOnce.self, SafeRetries.self, NothingAfterTheDeadline.self,
        WedgedWorkersAreKilled.self, OneProcessPerSlot.self, RestartsAreBounded.self,
        StoppedStaysStopped.self, OnlyReadyWorkersGetCalls.self, CallersAreKeptApart.self,
        ChildrenEndWithTheirParents.self, FramesAreReturned.self, BooksAgree.self,
        ReadyMeansServed.self, TroubleIsReported.self, StandInsAreNamed.self,
        SleepersWaitForCalls.self, OneAwayAtATime.self, EverythingComesBack.self,
    ]
}

/// A promise that was broken, and how.
package struct Violation: Hashable, Sendable {
    package var checker: String
    package var promise: String
    package var message: String
    package var at: Instant
}
