internal import SupervisionWire

/// What both threads of a worker decide about: who reads the channel, which call runs, which wait.
///
/// A plain value behind one lock. Every function is one thing that happened and returns what the
/// thread that reports it has to do.
struct SessionState: Sendable {
    /// Who may receive from the channel.
    ///
    /// The channel thread gives itself the role, or is given it by a kernel that waits for a reply;
    /// only the compute thread takes it back.
    enum Reader: Hashable, Sendable {
        case channelThread
        case computeThread
    }

    enum Phase: Hashable, Sendable {
        /// The kernels are being made; no call has come.
        case starting
        case serving
        /// SHUTDOWN came: exit when nothing is left.
        case draining
    }

    private(set) var reader = Reader.channelThread
    private(set) var phase = Phase.starting
    private(set) var running: CallControl?
    private(set) var waiting: [ReceivedCall] = []
    /// Calls ended since the start.
    private(set) var ended: UInt64 = 0
    /// Calls started since the start.
    private var started: UInt64 = 0
    private var startedAtLastTick: UInt64 = 0
    /// The timer runs: a call started not long ago.
    private var isTicking = false
    /// The last id of a call that a kernel of this worker made.
    private var lastChild: UInt64 = 0
    private var child = ChildReply.none
    private var freeBuffers: [FrameBuffer] = []
    private let concurrency: Int

    /// - Parameter concurrency: calls that may be here at once, the running one included.
    init(concurrency: Int) {
        self.concurrency = concurrency
    }

    private var isWaitingForReply: Bool {
        if case .none = child { false } else { true }
    }

    /// A call runs or is about to: one that waits may start at any moment, without a word to the
    /// thread that received it.
    var isBusy: Bool { running != nil || !waiting.isEmpty }

    /// The reply to the call that the running kernel has made.
    private enum ChildReply {
        case none
        case awaited(id: UInt64)
        case here(ReceivedFrame)
    }

    enum CallAction {
        /// Run it on this thread; start the timer before, where it doesn't run.
        case run(ReceivedCall, startsTimer: Bool)
        /// It waits for the compute thread.
        case wait
        /// More calls than the worker declared: answer it with `overloaded`.
        case refuse
        /// A kernel made it, perhaps in the name of the one that waits here: answer it with
        /// `overloaded`, or both would wait for each other.
        case refuseChild
        /// The id is in use by another call that is here: the daemon breaks the protocol.
        case duplicate
    }

    /// A call arrived at `thread`.
    mutating func arrived(_ call: ReceivedCall, at thread: Reader) -> CallAction {
        let id = call.control.id
        guard running?.id != id, !waiting.contains(where: { $0.control.id == id }) else {
            return .duplicate
        }
        guard waiting.count + (running == nil ? 0 : 1) < concurrency else { return .refuse }
        if call.isChild, isWaitingForReply { return .refuseChild }
        guard thread == .computeThread else {
            waiting.append(call)
            return .wait
        }
        running = call.control
        started += 1
        defer { isTicking = true }
        return .run(call, startsTimer: !isTicking)
    }

    enum CancelAction {
        /// It never started: answer it.
        case answer(ReceivedCall)
        /// It runs and is now marked; the compute thread answers it.
        case marked
        /// It has ended already.
        case late
    }

    mutating func cancelled(id: UInt64) -> CancelAction {
        if let running, running.id == id {
            running.cancel()
            return .marked
        }
        guard let place = waiting.firstIndex(where: { $0.control.id == id }) else { return .late }
        ended += 1
        return .answer(waiting.remove(at: place))
    }

    /// An id for a call that the running kernel makes.
    mutating func makeChildID() -> UInt64 {
        lastChild += 1
        return lastChild
    }

    /// The running kernel waits for a reply: the channel thread reads from now on.
    ///
    /// True when the channel thread has to be told, with a tick.
    mutating func awaitReply(to id: UInt64) -> Bool {
        child = .awaited(id: id)
        defer { reader = .channelThread }
        return reader == .computeThread
    }

    /// A reply came.
    ///
    /// True when the running kernel waits for it; one that nobody waits for is dropped: the call
    /// that made it has ended.
    mutating func replied(_ frame: ReceivedFrame) -> Bool {
        guard case .awaited(id: frame.header.id) = child else {
            giveBack(frame.buffer)
            return false
        }
        child = .here(frame)
        return true
    }

    /// The reply that was waited for, once.
    mutating func takeReply() -> ReceivedFrame? {
        guard case .here(let frame) = child else { return nil }
        child = .none
        return frame
    }

    enum Next {
        case run(ReceivedCall)
        /// Nothing is left: the compute thread reads the channel. The channel thread has to be
        /// told when it was the reader until now: it would wake up with each packet.
        case read(tellsChannelThread: Bool)
        /// Nothing is left and nothing more will come.
        case exit
    }

    /// The compute thread is free: its call ended, or the kernels are ready.
    mutating func becameIdle() -> Next {
        if running != nil { ended += 1 }
        running = nil
        if !waiting.isEmpty {
            let call = waiting.removeFirst()
            running = call.control
            return .run(call)
        }
        guard phase != .draining else { return .exit }
        phase = .serving
        defer { reader = .computeThread }
        return .read(tellsChannelThread: reader == .channelThread)
    }

    /// SHUTDOWN came.
    ///
    /// True when the process can end at once.
    mutating func shutDown() -> Bool {
        phase = .draining
        return !isBusy
    }

    enum TickAction: Hashable, Sendable {
        /// Calls come and go: look again at the next tick.
        case startTimer
        /// One call has been running since the last tick, and this thread is the reader from now
        /// on; or nothing happened since the last tick. The next call starts the timer.
        case none
    }

    /// The timer expired at the channel thread.
    mutating func ticked() -> TickAction {
        guard started == startedAtLastTick else {
            startedAtLastTick = started
            return .startTimer
        }
        isTicking = false
        if running != nil { reader = .channelThread }
        return .none
    }

    mutating func takeBuffer() -> FrameBuffer {
        freeBuffers.popLast() ?? FrameBuffer()
    }

    /// At most one buffer a call that can be here, and one for each thread.
    mutating func giveBack(_ buffer: FrameBuffer) {
        guard freeBuffers.count < concurrency + 2 else { return }
        freeBuffers.append(buffer)
    }
}
