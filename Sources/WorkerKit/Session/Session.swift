internal import LinuxSystem
internal import SupervisionKit
internal import SupervisionWire
internal import Synchronization

/// What the two threads of a worker share.
///
/// The loops are in `ComputeThread` and `ChannelThread`.
///
/// Who reads the channel (leader and follower): while no call runs, the compute thread itself
/// waits in recvmsg, so that a call costs one receive, the kernel and one send, and no hand-over
/// between threads. The channel thread sleeps until a timer ticks, which the first call after a
/// pause starts and which stops when a whole tick brought no call. A call that runs from one tick
/// to the next is a long one: the channel thread reads from then on, sends heartbeats, and leaves
/// again when the call has ended. Short calls wake nobody but for the tick, an idle worker has no
/// wake-ups at all, and a hung kernel still has a thread that hears the daemon. A kernel that calls
/// another one gives the channel to the channel thread at once, which takes in the reply for it.
///
/// Alternatives not taken. A channel thread that always reads and hands each call over needs no
/// timer, but each call then waits for one more wake-up of a thread (5 to 10 µs), which is a third
/// of the whole way from client to worker and back. A timer that is started and stopped with each
/// call costs two system calls, and in a virtual machine two exits to its host. The price paid: a
/// CANCEL or the daemon's end is noticed up to two ticks late.
final class Session: Sendable {
    /// From one tick to the next, in nanoseconds.
    static let tick: UInt64 = 2_000_000

    let channel: Channel
    let welcome: WelcomeInfo
    /// Ticks at the channel thread while calls come.
    let timer: OneShotTimer
    /// Wakes the channel thread when the compute thread reads again.
    ///
    /// Without it, its poll would stay registered at the channel and each packet would wake both
    /// threads.
    let leave: EventCounter
    /// Wakes the compute thread when the reply has come for which its kernel waits.
    let replied: EventCounter
    let state: Mutex<SessionState>

    init(
        channel: Channel,
        welcome: WelcomeInfo,
        timer: consuming OneShotTimer,
        leave: consuming EventCounter,
        replied: consuming EventCounter,
        concurrency: Int
    ) {
        self.channel = channel
        self.welcome = welcome
        self.timer = timer
        self.leave = leave
        self.replied = replied
        self.state = Mutex(SessionState(concurrency: concurrency))
    }

    /// What a received frame asks of the thread that received it.
    enum Work {
        case run(ReceivedCall, startsTimer: Bool)
        case answer(ReceivedCall, KernelFailure)
        case probe(WorkerFrame.Probe)
        /// The reply to a call that the running kernel made lies in the state.
        case wakeCaller
        case exit
        case nothing
    }

    /// Takes in one frame.
    ///
    /// Called with the state locked where the channel thread received it, so that the compute
    /// thread cannot become the reader between receipt and effect.
    static func take(
        _ frame: ReceivedFrame,
        at thread: SessionState.Reader,
        into state: inout SessionState
    ) throws(ChannelEnd) -> Work {
        if frame.header.type == .reply {
            return state.replied(frame) ? .wakeCaller : .nothing
        }
        guard frame.header.type == .call else {
            let control = try Handshake.decode(frame)
            state.giveBack(frame.buffer)
            return try take(control, type: frame.header.type, into: &state)
        }
        let call = ReceivedCall(frame)
        switch state.arrived(call, at: thread) {
        case .run(let call, let startsTimer):
            return .run(call, startsTimer: startsTimer)
        case .wait:
            return .nothing
        case .refuse:
            return .answer(
                call,
                KernelFailure(.overloaded, "the worker has as many calls as it declared")
            )
        case .refuseChild:
            return .answer(
                call,
                KernelFailure(
                    .overloaded,
                    "the worker waits for a kernel that its own kernel has called"
                )
            )
        case .duplicate:
            throw .violation("call \(frame.header.id) came twice")
        }
    }

    private static func take(
        _ control: WorkerFrame,
        type: FrameType,
        into state: inout SessionState
    ) throws(ChannelEnd) -> Work {
        switch control {
        case .cancel(let id):
            guard case .answer(let call) = state.cancelled(id: id) else { return .nothing }
            return .answer(
                call,
                KernelFailure(
                    .cancelled,
                    "the caller cancelled before the call started",
                    execution: .notRun
                )
            )
        case .probe(let probe):
            return .probe(probe)
        case .shutdown:
            return state.shutDown() ? .exit : .nothing
        case .refuse(let message):
            throw .violation("refused after the welcome: \(message)")
        case .hello, .welcome, .ready, .heartbeat, .probed:
            throw .violation("a \(type) from the daemon to a worker that is welcome already")
        }
    }

    /// Answers a call that never started, and lets go of what came with it.
    func answer(_ call: ReceivedCall, _ failure: KernelFailure) throws(ChannelEnd) {
        let reply = Reply(failure, to: call.control.id, welcome: welcome)
        try channel.send(reply.bytes, descriptors: reply.descriptors)
        state.withLock { $0.giveBack(call.buffer) }
    }

    func answer(_ probe: WorkerFrame.Probe, _ result: ProbeResult) throws(ChannelEnd) {
        try channel.send(Handshake.encode(.probed(WorkerFrame.Probed(result, to: probe))))
    }
}
