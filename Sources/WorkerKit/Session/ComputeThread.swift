internal import LinuxSystem
internal import SupervisionWire
internal import Synchronization

/// The loop of the thread that runs the kernels; it also reads the channel while nothing runs.
struct ComputeThread {
    private let session: Session
    private let runner: CallRunner
    private let health: HealthCheck

    init(_ session: Session, runner: CallRunner, health: HealthCheck) {
        self.session = session
        self.runner = runner
        self.health = health
    }

    /// Serves until the process ends.
    func serve() throws(ChannelEnd) -> Never {
        var next = session.state.withLock { $0.becameIdle() }
        while true {
            switch next {
            case .run(let call):
                next = try run(call)
            case .read(let tellsChannelThread):
                if tellsChannelThread { session.leave.signal() }
                next = try receive()
            case .exit:
                ProcessExit.end()
            }
        }
    }

    /// Runs one call, gives up the running state, and only then sends the reply: the daemon may
    /// send its next call the moment it has the reply, and that call must find a free worker.
    private func run(_ call: ReceivedCall) throws(ChannelEnd) -> SessionState.Next {
        let reply = runner.reply(to: call)
        let next = session.state.withLock { $0.becameIdle() }
        try session.channel.send(reply.bytes, descriptors: reply.descriptors)
        session.state.withLock { $0.giveBack(call.buffer) }
        return next
    }

    private func receive() throws(ChannelEnd) -> SessionState.Next {
        let session = session
        let buffer = session.state.withLock { $0.takeBuffer() }
        let frame = try session.channel.receive(into: buffer)
        let work = try session.state.withLock { state throws(ChannelEnd) in
            try Session.take(frame, at: .computeThread, into: &state)
        }
        switch work {
        case .run(let call, let startsTimer):
            if startsTimer { session.timer.start(nanoseconds: Session.tick) }
            return .run(call)
        case .answer(let call, let failure):
            try session.answer(call, failure)
            return .read(tellsChannelThread: false)
        case .probe(let probe):
            try session.answer(probe, health.result(for: probe.kernel))
            return .read(tellsChannelThread: false)
        case .exit:
            return .exit
        case .wakeCaller, .nothing:
            // No kernel runs that could wait for a reply.
            return .read(tellsChannelThread: false)
        }
    }
}
