public import SupervisionKit
public import SupervisionWire

/// A compute function that a worker serves.
///
/// All members are used on one thread, the compute thread: a kernel may keep device handles,
/// buffers and caches without locks. One call runs at a time.
public protocol Kernel: AnyObject {
    /// What the kernel takes and gives. Read once, when the worker becomes ready; a signature with
    /// a `problem` is shown and every call of it is answered with that problem.
    var signature: KernelSignature { get }

    /// Runs one call to its end.
    ///
    /// A long kernel calls `checkCancellation()` before each launch and `advance(_:)` after it:
    /// a call that is not left within two seconds of its cancel costs the process its life.
    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult

    /// A tiny call whose results are known, to find a device that answers garbage.
    ///
    /// Run before the worker is ready, where a wrong answer becomes the signature's `problem`, and
    /// at each health probe, where it costs the worker its life as the health policy says.
    var knownAnswer: KnownAnswer? { get }

    /// Says whether a call now would be served: the answer to the daemon's health probe.
    ///
    /// Runs on the compute thread while no call does, and must be short: a call that comes
    /// meanwhile waits for it, and a probe that stays without an answer counts as failed. `.failed`
    /// may cost the worker its life, as the health policy says.
    func check() -> ProbeResult
}

extension Kernel {
    /// Nothing is known beforehand of what the kernel answers.
    public var knownAnswer: KnownAnswer? { nil }

    /// A kernel that knows nothing of its health is well while its compute thread answers.
    public func check() -> ProbeResult { .ok }
}

/// What a kernel gives back.
public struct KernelResult {
    /// At most `Limits.maxTensors`, names unique.
    ///
    /// Their inline bytes may be more than one frame holds: the session moves the largest ones into
    /// shared memory.
    public var outputs: [OutputTensor]

    public init(outputs: [OutputTensor]) {
        self.outputs = outputs
    }
}
