import SupervisionWire
import Testing

@testable import WorkerKit

@Suite struct `The state of a session` {
    private func makeCall(_ id: UInt64) -> ReceivedCall {
        ReceivedCall(
            ReceivedFrame(
                buffer: FrameBuffer(),
                header: FrameHeader(type: .call, length: 96, id: id),
                descriptors: .none,
                isMissingDescriptors: false
            )
        )
    }

    private func makeReply(_ id: UInt64) -> ReceivedFrame {
        ReceivedFrame(
            buffer: FrameBuffer(),
            header: FrameHeader(type: .reply, length: 96, id: id),
            descriptors: .none,
            isMissingDescriptors: false
        )
    }

    /// A session whose compute thread waits for the first call.
    private func makeServing(concurrency: Int = 3) -> SessionState {
        var state = SessionState(concurrency: concurrency)
        #expect(name(of: state.becameIdle()) == "read, tell")
        return state
    }

    /// Makes the call that runs a long one.
    private func tickTwice(_ state: inout SessionState) {
        _ = state.ticked()
        _ = state.ticked()
    }

    private func name(of action: SessionState.CallAction) -> String {
        switch action {
        case .run(let call, startsTimer: true): "run \(call.control.id), start timer"
        case .run(let call, startsTimer: false): "run \(call.control.id)"
        case .wait: "wait"
        case .refuse: "refuse"
        case .refuseChild: "refuse child"
        case .duplicate: "duplicate"
        }
    }

    private func name(of next: SessionState.Next) -> String {
        switch next {
        case .run(let call): "run \(call.control.id)"
        case .read(tellsChannelThread: true): "read, tell"
        case .read(tellsChannelThread: false): "read"
        case .exit: "exit"
        }
    }

    private func name(of action: SessionState.CancelAction) -> String {
        switch action {
        case .answer(let call): "answer \(call.control.id)"
        case .marked: "marked"
        case .late: "late"
        }
    }

    @Test func `gives the channel to its own thread until the kernels are made`() {
        var state = SessionState(concurrency: 1)
        #expect(state.reader == .channelThread && state.phase == .starting)
        #expect(name(of: state.becameIdle()) == "read, tell")
        #expect(state.reader == .computeThread && state.phase == .serving)
    }

    @Test func `runs a call on the compute thread that received it`() {
        var state = makeServing()
        #expect(name(of: state.arrived(makeCall(1), at: .computeThread)) == "run 1, start timer")
        #expect(state.running?.id == 1)
        #expect(name(of: state.becameIdle()) == "read")
        #expect(state.running == nil && state.ended == 1)
    }

    @Test func `gives the channel to its thread when a call runs from tick to tick`() {
        var state = makeServing()
        _ = state.arrived(makeCall(1), at: .computeThread)
        let actions = [state.ticked(), state.ticked()]
        #expect(actions == [.startTimer, .none])
        #expect(state.reader == .channelThread)
        #expect(name(of: state.becameIdle()) == "read, tell")
        #expect(state.reader == .computeThread)
    }

    @Test func `ticks on while calls come and go, and stops when none comes`() {
        var state = makeServing()
        for id in UInt64(1)...3 {
            let action = state.arrived(makeCall(id), at: .computeThread)
            #expect(name(of: action) == (id == 1 ? "run 1, start timer" : "run \(id)"))
            // The call that runs at the tick is not the one that ran at the last.
            let tick = state.ticked()
            #expect(tick == .startTimer && state.reader == .computeThread)
            #expect(name(of: state.becameIdle()) == "read")
        }
        let last = state.ticked()
        #expect(last == .none && state.reader == .computeThread)
        let next = state.arrived(makeCall(4), at: .computeThread)
        #expect(name(of: next) == "run 4, start timer")
    }

    @Test func `does not tick and receive on the word of one poll`() {
        func action(_ timerExpired: Bool, _ channelIsReady: Bool) -> ChannelThread.Wake.Action {
            ChannelThread.Wake(timerExpired: timerExpired, channelIsReady: channelIsReady).action
        }
        #expect(action(true, true) == .tick && action(true, false) == .tick)
        #expect(action(false, true) == .receive && action(false, false) == .none)
    }

    @Test func `runs what came meanwhile before it reads again`() {
        var state = makeServing()
        _ = state.arrived(makeCall(1), at: .computeThread)
        tickTwice(&state)
        #expect(name(of: state.arrived(makeCall(2), at: .channelThread)) == "wait")
        #expect(name(of: state.arrived(makeCall(3), at: .channelThread)) == "wait")
        #expect(name(of: state.arrived(makeCall(4), at: .channelThread)) == "refuse")
        #expect(name(of: state.arrived(makeCall(3), at: .channelThread)) == "duplicate")
        #expect(name(of: state.arrived(makeCall(1), at: .channelThread)) == "duplicate")
        #expect(name(of: state.becameIdle()) == "run 2")
        #expect(state.reader == .channelThread)
        #expect(name(of: state.becameIdle()) == "run 3")
        #expect(name(of: state.becameIdle()) == "read, tell")
    }

    @Test func `cancels a running call, answers a waiting one, ignores one that ended`() {
        var state = makeServing()
        _ = state.arrived(makeCall(1), at: .computeThread)
        tickTwice(&state)
        _ = state.arrived(makeCall(2), at: .channelThread)
        #expect(name(of: state.cancelled(id: 2)) == "answer 2")
        #expect(name(of: state.cancelled(id: 2)) == "late")
        #expect(state.running?.isCancelled == false)
        #expect(name(of: state.cancelled(id: 1)) == "marked")
        #expect(state.running?.isCancelled == true)
        #expect(name(of: state.becameIdle()) == "read, tell")
        #expect(name(of: state.cancelled(id: 1)) == "late")
        #expect(state.ended == 2)
    }

    @Test func `ends at once when nothing runs, else after the last call`() {
        var idle = makeServing()
        let idleEndsNow = idle.shutDown()
        #expect(idleEndsNow)
        var busy = makeServing()
        _ = busy.arrived(makeCall(1), at: .computeThread)
        tickTwice(&busy)
        _ = busy.arrived(makeCall(2), at: .channelThread)
        let busyEndsNow = busy.shutDown()
        #expect(!busyEndsNow)
        #expect(name(of: busy.becameIdle()) == "run 2")
        #expect(name(of: busy.becameIdle()) == "exit")
    }

    @Test func `gives the channel to its thread while a kernel waits for a reply`() {
        var state = makeServing()
        _ = state.arrived(makeCall(1), at: .computeThread)
        let id = state.makeChildID()
        let tells = state.awaitReply(to: id)
        #expect(id == 1 && tells && state.reader == .channelThread)
        let isForeign = state.replied(makeReply(9))
        #expect(!isForeign && state.takeReply() == nil)
        let isOwn = state.replied(makeReply(1))
        #expect(isOwn)
        let second = state.replied(makeReply(1))
        #expect(!second)
        #expect(state.takeReply()?.header.id == 1)
        #expect(state.takeReply() == nil)
        let next = state.makeChildID()
        let tellsAgain = state.awaitReply(to: next)
        #expect(next == 2 && !tellsAgain)
        #expect(name(of: state.becameIdle()) == "read, tell")
    }

    @Test func `keeps no more buffers than there can be calls and threads`() {
        var state = makeServing(concurrency: 2)
        let given = (0..<10).map { _ in FrameBuffer() }
        given.forEach { state.giveBack($0) }
        let taken = (0..<10).map { _ in state.takeBuffer() }
        #expect(taken.count { buffer in given.contains { $0 === buffer } } == 4)
    }
}
