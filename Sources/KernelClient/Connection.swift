import Glibc
import LinuxSystem
import Synchronization
import SupervisionKit
import SupervisionWire

/// One connection to the daemon, shared by all calls that are under way on it.
///
/// A thread of its own waits for replies, so that no thread of Swift's pool ever blocks. Callers
/// send by themselves; only what the socket does not take at once is left to the thread. The
/// alternative, a task that awaits readiness, needs an event loop that Swift on Linux does not have
/// without a dependency.
final class Connection: Sendable {
    /// Calls under way on one connection.
    static let maxInFlight = 65_536
    /// Frames that wait until the daemon reads again.
    static let maxWaitingFrames = 4096

    /// What `submit` ends with: the call's end, or news that the call was never sent because the
    /// connection had gone before.
    enum Ending: Sendable {
        case ended(Result<CallResult, KernelCallError>)
        case notSent(KernelCallError)
    }

    struct Pending {
        let continuation: CheckedContinuation<Ending, Never>
        /// When the call is given up here; nil leaves that to the daemon.
        var expiry: Instant?
        var isCancelled = false
    }

    struct State {
        var pending: [UInt64: Pending] = [:]
        var waiting: [EncodedFrame] = []
        /// Why nothing can be sent any more.
        var closed: KernelCallError?
        /// When the thread wakes by itself next.
        ///
        /// It may be too early, never too late.
        var wakesAt: Instant = .distantFuture
    }

    private let socket: PacketSocket
    private let wake: EventCounter
    private let state = Mutex(State())
    private let path: String

    /// Connects and starts the thread.
    ///
    /// - Throws: `.unreachable`, `.notAllowed`, or `.notSent` when this process is out of
    ///   resources.
    init(path: String) throws(KernelCallError) {
        do throws(SystemError) {
            socket = try PacketSocket.connect(path: path, nonblocking: true)
            wake = try EventCounter()
        } catch {
            throw KernelCallError(connecting: path, failed: error)
        }
        self.path = path
        try startThread()
    }

    var isClosed: Bool { state.withLock { $0.closed != nil } }

    /// Ends the connection; the daemon cancels what is under way.
    func close() {
        end("the connection to \(path) was closed by this program")
    }

    // MARK: - Calls

    /// Sends a call; `continuation` is resumed exactly once.
    ///
    /// - Parameters:
    ///   - frame: the encoded call.
    ///   - expiry: when to give up waiting; nil never.
    ///   - continuation: gets the call's end.
    func submit(
        _ frame: EncodedFrame,
        expiry: Instant?,
        continuation: CheckedContinuation<Ending, Never>
    ) {
        let refusal: KernelCallError? = state.withLock { state in
            if let closed = state.closed { return closed }
            guard state.pending.count < Connection.maxInFlight,
                state.waiting.count < Connection.maxWaitingFrames
            else { return KernelCallError.tooManyCalls(path) }
            do throws(SystemError) {
                try enqueue(frame, &state)
            } catch {
                return KernelCallError(sendingTo: path, failed: error)
            }
            state.pending[frame.id] = Pending(continuation: continuation, expiry: expiry)
            if let expiry { wakeThread(by: expiry, &state) }
            return nil
        }
        guard let refusal else { return }
        // The sender may see the loss before the thread does: nobody else is to try this one.
        if refusal.code == .connectionLost { end(refusal.message) }
        continuation.resume(returning: .notSent(refusal))
    }

    /// Asks the daemon to end the call, and gives it `grace` to say how it ended.
    func cancel(_ id: UInt64, grace: Duration) {
        let unsent: CheckedContinuation<Ending, Never>? = state.withLock { state in
            guard var call = state.pending[id], !call.isCancelled else { return nil }
            if let index = state.waiting.firstIndex(where: { $0.id == id }) {
                state.waiting.remove(at: index)
                state.pending[id] = nil
                return call.continuation
            }
            let limit = Connection.now + grace
            call.isCancelled = true
            call.expiry = min(call.expiry ?? limit, limit)
            state.pending[id] = call
            sendCancel(id, &state)
            wakeThread(by: call.expiry ?? limit, &state)
            return nil
        }
        unsent?.resume(returning: .ended(.failure(.cancelled(.notRun))))
    }

    /// Sends a frame or leaves it to the thread; frames never overtake each other.
    private func enqueue(_ frame: EncodedFrame, _ state: inout State) throws(SystemError) {
        if state.waiting.isEmpty, try send(frame) { return }
        state.waiting.append(frame)
        wake.signal()
    }

    /// A cancel that can't be sent is of no use any more: the connection is gone.
    private func sendCancel(_ id: UInt64, _ state: inout State) {
        guard let frame = EncodedFrame.cancel(id: id) else { return }
        try? enqueue(frame, &state)
    }

    private func send(_ frame: EncodedFrame) throws(SystemError) -> Bool {
        try socket.send(frame.bytes, descriptors: frame.memories.map(\.rawDescriptor))
    }

    private func wakeThread(by time: Instant, _ state: inout State) {
        guard time < state.wakesAt else { return }
        state.wakesAt = time
        wake.signal()
    }

    private static var now: Instant { Instant(nanoseconds: Clock.now()) }
}

// MARK: - The thread

extension Connection {
    private func startThread() throws(KernelCallError) {
        // A library's thread must not take the signals that its program waits for.
        var all = sigset_t()
        var previous = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 512 * 1024)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Connection>.fromOpaque(context).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        guard status == 0 else {
            context.release()
            throw KernelCallError(
                code: .notSent,
                message: "no thread for the connection to \(path): \(errnoDescription(status))",
                execution: .notRun
            )
        }
    }

    private func run() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Limits.maxFrameBytes + 1,
            alignment: 16
        )
        defer { buffer.deallocate() }
        while true {
            let (isClosed, hasWaiting, wakesAt) = expireCalls()
            if isClosed { return }
            let events = wait(forRoom: hasWaiting, until: wakesAt)
            if events.contains(.wake) { wake.clear() }
            if events.contains(.room) { flush() }
            if events.contains(.packet) { receive(into: buffer) }
        }
    }

    private struct Events: OptionSet {
        let rawValue: Int
        static let packet = Events(rawValue: 1)
        static let room = Events(rawValue: 2)
        static let wake = Events(rawValue: 4)
    }

    private func wait(forRoom: Bool, until time: Instant) -> Events {
        var descriptors = [
            pollfd(
                fd: socket.rawDescriptor,
                events: Int16(POLLIN) | (forRoom ? Int16(POLLOUT) : 0),
                revents: 0
            ),
            pollfd(fd: wake.rawDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        var timeout: Int32 = -1
        if time != .distantFuture {
            let span = time.since(Connection.now).saturatedNanoseconds
            timeout = Int32(clamping: span / 1_000_000 + 1)
        }
        // An interruption or a spurious return is a turn without events.
        guard poll(&descriptors, 2, timeout) > 0 else { return [] }
        var events: Events = []
        let seen = descriptors[0].revents
        if seen & Int16(POLLIN | POLLHUP | POLLERR | POLLNVAL) != 0 { events.insert(.packet) }
        if seen & Int16(POLLOUT) != 0 { events.insert(.room) }
        if descriptors[1].revents != 0 { events.insert(.wake) }
        return events
    }

    /// Ends the calls whose time is over, and sets when to look again.
    private func expireCalls() -> (isClosed: Bool, hasWaiting: Bool, wakesAt: Instant) {
        var expired: [(Pending, Execution)] = []
        let result = state.withLock { state in
            let now = Connection.now
            if now >= state.wakesAt {
                var next = Instant.distantFuture
                for (id, call) in state.pending {
                    guard let expiry = call.expiry else { continue }
                    guard expiry <= now else {
                        next = min(next, expiry)
                        continue
                    }
                    state.pending[id] = nil
                    let unsent = state.waiting.firstIndex { $0.id == id }
                    if let unsent {
                        state.waiting.remove(at: unsent)
                    } else if !call.isCancelled {
                        sendCancel(id, &state)
                    }
                    expired.append((call, unsent == nil ? .answerLost : .notRun))
                }
                state.wakesAt = next
            }
            return (state.closed != nil, !state.waiting.isEmpty, state.wakesAt)
        }
        for (call, execution) in expired {
            let error: KernelCallError =
                call.isCancelled ? .cancelled(execution) : .deadlineExceeded(execution)
            call.continuation.resume(returning: .ended(.failure(error)))
        }
        return result
    }

    /// Sends what waits, as far as there is room.
    private func flush() {
        let failure: SystemError? = state.withLock { state in
            do throws(SystemError) {
                while let frame = state.waiting.first, try send(frame) {
                    state.waiting.removeFirst()
                }
                return nil
            } catch {
                return error
            }
        }
        if let failure { end(KernelCallError(sendingTo: path, failed: failure).message) }
    }

    /// Takes in what is there; at most 64 packets, so that deadlines are looked at in between.
    private func receive(into buffer: UnsafeMutableRawBufferPointer) {
        for _ in 0..<64 {
            var raw: [Int32] = []
            let received: PacketSocket.Received
            do throws(SystemError) {
                received = try socket.receive(
                    into: buffer,
                    descriptors: &raw,
                    maximumDescriptors: Limits.maxDescriptors
                )
            } catch {
                end("the connection to \(path) broke: \(error)")
                return
            }
            let descriptors = ReceivedDescriptors(raw)
            switch received {
            case .wouldBlock:
                return
            case .closed:
                end("the daemon closed the connection to \(path)")
                return
            case .packet(let byteCount, _, let descriptorsLost):
                // A truncated packet is one byte longer than a frame may be: no frame.
                let frame = IncomingFrame(
                    [UInt8](buffer[..<byteCount]),
                    descriptors: descriptors,
                    descriptorsLost: descriptorsLost
                )
                guard take(frame) else { return }
            }
        }
    }

    private func take(_ frame: IncomingFrame) -> Bool {
        switch frame {
        case .reply(let id, let result):
            // None is there for a reply that comes after its call was given up.
            let call = state.withLock { $0.pending.removeValue(forKey: id) }
            call?.continuation.resume(returning: .ended(result))
            return true
        case .violation(let problem):
            end("the daemon broke the protocol on \(path): \(problem)")
            return false
        }
    }

    /// Ends every call under way; later ones go over a new connection.
    private func end(_ reason: String) {
        let (calls, unsent) = state.withLock { state -> ([UInt64: Pending], Set<UInt64>) in
            guard state.closed == nil else { return ([:], []) }
            state.closed = .connectionLost(reason, .notRun)
            defer {
                state.pending = [:]
                state.waiting = []
            }
            return (state.pending, Set(state.waiting.map(\.id)))
        }
        // Wakes the thread, and tells the daemon now and not when the last user lets go.
        wake.signal()
        shutdown(socket.rawDescriptor, Int32(SHUT_RDWR))
        for (id, call) in calls {
            call.continuation.resume(
                returning: unsent.contains(id)
                    ? .notSent(.connectionLost(reason, .notRun))
                    : .ended(.failure(.connectionLost(reason, .answerLost)))
            )
        }
    }
}
