internal import LinuxSystem
internal import SupervisionWire

/// A worker's life, from its start to its end.
public enum WorkerSession {
    /// What a worker serves: the device in words (platform, name, driver), and the kernels, at most
    /// `Limits.maxKernelsPerWorker`, names unique.
    public typealias Service = (device: String, kernels: [any Kernel])

    /// Serves calls until the daemon wants no more.
    ///
    /// Never returns; the calling thread runs the kernels.
    ///
    /// Exit codes: 0 after SHUTDOWN or the channel's end, 64 without a channel, 70 when the system
    /// has no thread or timer, 76 when the daemon refuses the worker or breaks the protocol, 78 for
    /// kernels that cannot be declared, and what `start` throws.
    ///
    /// - Parameters:
    ///   - concurrency: calls that the daemon may send at once, 1...1024. One runs, the others wait
    ///     here, which saves a short kernel the way to the daemon between two calls.
    ///   - start: makes the kernels, on the calling thread, after the daemon's welcome. With the
    ///     known answers of the kernels, which are tried then, it may take as long as the daemon's
    ///     start timeout; a SHUTDOWN meanwhile ends the process.
    public static func serve(
        concurrency: Int = 1,
        start: (WelcomeInfo) throws(StartFailure) -> Service
    ) -> Never {
        precondition(
            (1...Int(Limits.maxConcurrency)).contains(concurrency),
            "concurrency must be 1...\(Limits.maxConcurrency)"
        )
        let channel = Handshake.openChannel()
        // Before any other thread, see there.
        let lifeline = Lifeline.start()
        do {
            let welcome = try Handshake.greet(
                channel,
                concurrency: concurrency,
                lifeline: lifeline
            )
            let session = openSession(channel, welcome: welcome, concurrency: concurrency)
            let kernels = try makeKernels(session, start: start)
            let thread = ComputeThread(
                session,
                runner: CallRunner(kernels, session: session),
                health: HealthCheck(kernels)
            )
            try thread.serve()
        } catch {
            ProcessExit.fail(error)
        }
    }

    private static func openSession(
        _ channel: Channel,
        welcome: WelcomeInfo,
        concurrency: Int
    ) -> Session {
        let session: Session
        do {
            session = Session(
                channel: channel,
                welcome: welcome,
                timer: try OneShotTimer(),
                leave: try EventCounter(),
                replied: try EventCounter(),
                concurrency: concurrency
            )
        } catch {
            ProcessExit.fail(WorkerExit.internalError, "could not start: \(error)")
        }
        guard ChannelThread.start(session) else {
            ProcessExit.fail(WorkerExit.internalError, "could not start the channel thread")
        }
        return session
    }

    /// The kernel's signature, with the mistake of its known answer as its problem.
    private static func tried(_ kernel: any Kernel) -> KernelSignature {
        var signature = kernel.signature
        if signature.problem.isEmpty, let mistake = kernel.knownAnswer?.mistake(of: kernel) {
            signature.problem = mistake.text
        }
        return signature
    }

    /// Makes the kernels, tries them, and tells the daemon what they are.
    private static func makeKernels(
        _ session: Session,
        start: (WelcomeInfo) throws(StartFailure) -> Service
    ) throws(ChannelEnd) -> [(signature: KernelSignature, kernel: any Kernel)] {
        let service: Service
        do {
            service = try start(session.welcome)
        } catch {
            ProcessExit.fail(error.exitCode, error.message)
        }
        let kernels = service.kernels.map { (signature: tried($0), kernel: $0) }
        var names: Set<String> = []
        for (signature, _) in kernels where !names.insert(signature.name).inserted {
            ProcessExit.fail(
                WorkerExit.configuration,
                "kernel '\(signature.name)' is declared twice in one worker"
            )
        }
        for (signature, _) in kernels where !signature.problem.isEmpty {
            ProcessExit.report("kernel '\(signature.name)' cannot be called: \(signature.problem)")
        }
        let ready = WorkerFrame.Ready(device: service.device, kernels: kernels.map(\.signature))
        try session.channel.send(Handshake.encode(.ready(ready)))
        return kernels
    }
}
