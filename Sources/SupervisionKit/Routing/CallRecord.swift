/// One call from its arrival until nothing can come for it any more.
struct CallRecord: Sendable {
    enum Phase: Hashable, Sendable {
        case queued
        /// It failed and is tried again then.
        case waiting(until: Instant)
        case dispatched(WorkerID)
        /// Its caller has been answered, or is gone; the worker has yet to acknowledge the cancel.
        case cancelling(WorkerID)
    }

    var caller: CallerID
    /// The caller's own id of the call.
    var callerCall: UInt64
    /// Whose workers serve it: the one asked for, or one that stands in for it.
    var kernel: KernelID
    /// The kernel that the caller named.
    var asked: KernelID
    var mayRepeat: Bool
    /// Its caller allows one try.
    var isOnce = false
    /// The shell holds its frame.
    var isKept = false
    var deadline: Instant
    var arrived: Instant
    var handedOver: Instant
    /// Tries that were handed to a worker.
    var attempts: UInt32 = 0
    /// The caller's own count of tries before this call.
    var earlierAttempts: UInt32
    /// Workers that died with this call.
    var workersLost = 0
    /// Names its content, for the list of those that kill workers; 0 for none.
    var key: UInt64
    var phase = Phase.queued
    /// What the attempt under way holds of the breaker of its kernel and slot.
    var permit: CircuitBreaker.Permit?
    /// The breaker that gave it: an index in `Supervisor.breakers`.
    var breaker: Int32 = -1
    /// What the attempt says of its worker once the worker acknowledges the cancel.
    var verdictOfCancel = Verdict.neutral(.cancelled)
    /// A worker refused it before its kernel began, and it was tried again free of charge.
    var hasHadFreeTry = false
    /// When the retry was drawn from the budget that has not begun yet; `.zero` for none.
    var retryTakenAt = Instant.zero
    /// Another daemon could not serve it: it goes to no backup from here.
    var isFromDaemon = false
    /// Its frame names another kernel than the one that the caller named.
    var isRenamed = false
    /// It brought no deadline of its own.
    var hasDefaultTimeout = false
    /// The slot whose worker failed it last, to be passed by where there is another; -1 for none.
    var avoidedSlot: Int32 = -1
    /// Neighbours in the queue; -1 for none.
    var previous: Int32 = -1
    var next: Int32 = -1

    // Chain
    /// The call whose kernel made this one; -1 for none.
    var parent: Int32 = -1
    /// Calls that made calls above this one.
    var depth: UInt16 = 0
    /// The newest call that this one's kernel has made, and its next older sibling.
    var firstChild: Int32 = -1
    var nextSibling: Int32 = -1

    /// A worker gets it: another attempt begins.
    mutating func begin(at worker: WorkerID, at now: Instant) {
        phase = .dispatched(worker)
        attempts += 1
        handedOver = now
        retryTakenAt = .zero
    }

    /// The attempt under way has a permit of this breaker, or passes over its head without one.
    mutating func hold(_ permit: CircuitBreaker.Permit?, of breaker: Int) {
        self.permit = permit
        self.breaker = Int32(breaker)
    }

    /// What can be said about it when it ends without a worker's answer.
    var execution: Execution { attempts == 0 ? .notRun : .answerLost }

    /// Its caller still waits.
    var isAnswerable: Bool {
        switch phase {
        case .queued, .waiting, .dispatched: true
        case .cancelling: false
        }
    }
}
