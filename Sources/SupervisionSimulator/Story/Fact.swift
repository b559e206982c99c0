package import SupervisionKit

/// One thing that happened in a run: what the world did, what the daemon did, and what was seen.
///
/// The story of a run is its facts with their instants. Checkers read nothing else, so that each
/// can be shown to fail on a story that is made up.
package enum Fact: Hashable, Sendable {
    case call(CallFact)
    case worker(WorkerFact)
    case outside(OutsideFact)
    case core(CoreFact)
}

/// Calls are named by the order in which they were sent.
package enum CallFact: Hashable, Sendable {
    /// It is handed to the daemon now.
    case sent(Int, SentCall)
    /// The daemon has taken it in.
    case accepted(Int)
    /// The daemon holds its frame.
    case kept(Int)
    case released(Int)
    /// The daemon handed it to a worker, to be answered until then.
    case handedOver(Int, to: WorkerID, until: Instant)
    /// The reply that its caller gets says that others than the kernel's own workers served it.
    case marked(Int, why: String)
    /// Its caller got the answer.
    case ended(Int, CallEnd)
    /// Something came for a caller who has no such call open.
    case answeredNobody(String)
    /// Its caller is gone: no answer comes.
    case abandoned(Int)
    /// Its caller doesn't want it any more.
    case cancelled(Int)
    /// The daemon told the worker to stop; the worker has until then.
    case recalled(Int, from: WorkerID, until: Instant)
    /// The worker has answered, to the daemon.
    case replied(Int, by: WorkerID, CallError?, Execution)
}

/// A call as its caller knows it, and what has to be known to judge what becomes of it.
package struct SentCall: Hashable, Sendable {
    package var caller: CallerID
    package var kernel: String
    /// The kernel's group; empty for one that isn't configured.
    package var group = ""
    /// No answer may come later, wherever the time is spent.
    package var deadline: Instant
    /// It may run twice.
    package var isRepeatable = false
    /// The call whose kernel made this one.
    package var parent: Int?
    /// Of what its caller, and all callers, may have open.
    package var limit = Int.max
    package var totalLimit = Int.max
    /// Nothing keeps a worker of its group from taking it at once.
    package var findsIdleGroup = false

    package init(caller: CallerID, kernel: String, deadline: Instant) {
        self.caller = caller
        self.kernel = kernel
        self.deadline = deadline
    }
}

package struct CallEnd: Hashable, Sendable {
    /// nil for a result.
    package var error: CallError?
    package var execution: Execution
    package var attempts: Int
    package var queued: Duration
    package var message = ""
    /// It is the worker's own reply, passed on as it came.
    package var isRelayed = false

    package init(
        error: CallError? = nil,
        execution: Execution = .ran,
        attempts: Int = 1,
        queued: Duration = .zero
    ) {
        self.error = error
        self.execution = execution
        self.attempts = attempts
        self.queued = queued
    }
}

package enum WorkerFact: Hashable, Sendable {
    /// The daemon starts a process.
    case started(WorkerID, WorkerStart)
    case greeted(WorkerID, concurrency: Int)
    case ready(WorkerID)
    /// The daemon asked it to finish and exit; `isReplaced` where its slot shall serve on.
    case asked(WorkerID, isReplaced: Bool)
    case terminated(WorkerID)
    case killed(WorkerID)
    case probed(WorkerID, kernel: String)
    case answeredProbe(WorkerID, Process.State)
    case closedChannel(WorkerID, why: String)
    /// The process is gone. `culprit` is the call that did it, where that is beyond doubt.
    case ended(WorkerID, WorkerEnd, culprit: Int?)
    /// It went wrong in a way that the daemon doesn't see at once, or said what it must not.
    case did(WorkerID, Coverage.Mark, String)
}

/// What has to be known of a process's start to judge it.
package struct WorkerStart: Hashable, Sendable {
    package var name: String
    /// The configuration in force has this slot, and the daemon has not been stopped.
    package var isWanted: Bool
    /// It follows a process that ended by itself, so that it draws on the budget.
    package var isRestart: Bool
    package var maxRestarts: Int
    package var window: Duration
    package var group = ""
    /// Its group is started by calls.
    package var isOnDemand = false
    /// It serves only what others can't.
    package var isStandIn = false

    package init(
        name: String,
        isWanted: Bool = true,
        isRestart: Bool = false,
        maxRestarts: Int = 3,
        window: Duration = .seconds(60)
    ) {
        self.name = name
        self.isWanted = isWanted
        self.isRestart = isRestart
        self.maxRestarts = maxRestarts
        self.window = window
    }
}

/// What people and machines do.
package enum OutsideFact: Hashable, Sendable {
    /// Groups of this name are other than they were.
    case configured(kernels: Int, changed: Set<String>, why: String)
    case did(Coverage.Mark, String)
    case clientLeft(ClientID)
    case stopRequested
    case faultsEnded
}

/// What is seen of the daemon itself.
package enum CoreFact: Hashable, Sendable {
    /// It is given something: this much after the instant at which it wanted to be woken, and this
    /// much after it was given something before.
    case turnBegan(late: Duration, silence: Duration)
    case turnEnded(isConsistent: Bool)
    case wrote(LogRecord)
    case notified(Notification)
    /// A slot's state as the status shows it, when it is another than before.
    case showed(slot: String, state: String)
    /// What the status says of a kernel, looked at just before a call of it.
    case showedKernel(String, HealthState)
    case exited
    /// The run is over.
    case settled(Aftermath)
}

/// What is left when faults have long ended.
package struct Aftermath: Hashable, Sendable {
    /// What is not as it should be, a sentence each; empty when all is well.
    package var complaints: [String] = []

    package init() {}
}
