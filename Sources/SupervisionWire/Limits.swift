/// Every bound of the protocol, in one place; docs/PROTOCOL.md repeats them.
public enum Limits {
    /// The protocol version that this build speaks.
    public static let version: UInt16 = 1
    /// "KSUP" as four little-endian bytes.
    public static let magic: UInt32 = 0x5055_534B
    /// Bytes of the fixed header that every frame starts with.
    public static let headerBytes = 96
    /// Bytes of one entry of the tensor table.
    public static let tensorEntryBytes = 128
    /// Bytes of tensor data inside one frame, all tensors together, padding included.
    public static let maxInlineBytes = 64 * 1024
    /// Tensors of one call or one reply.
    public static let maxTensors = 64
    /// Dimensions of a tensor.
    public static let maxRank = 8
    /// UTF-8 bytes of a tensor's name.
    public static let maxTensorNameBytes = 40
    /// UTF-8 bytes of a kernel's or a worker's name.
    public static let maxNameBytes = 128
    /// UTF-8 bytes of the message in a reply or a refusal (a build log, for instance).
    public static let maxMessageBytes = 8 * 1024
    /// UTF-8 bytes of the message in the answer to a probe.
    public static let maxProbeMessageBytes = 1024
    /// File descriptors that travel with one frame.
    public static let maxDescriptors = 64
    /// Bytes that all versions of the header have in common, for ever.
    public static let sharedHeaderBytes = 32
    /// UTF-8 bytes of one size in a declared shape, `2*n+1`.
    public static let shapeBytes = 1...256
    /// Arguments that one kernel can declare, inputs and outputs together.
    public static let maxArguments = 128
    /// Milliseconds between two heartbeats (an hour).
    public static let maxHeartbeatMilliseconds: UInt32 = 3_600_000
    /// Calls that one worker can take at once.
    public static let maxConcurrency: UInt32 = 1024
    /// Kernels that one worker can declare.
    public static let maxKernelsPerWorker = 256
    /// Bytes of one frame: header, name, message, tensor table and inline data at their largest.
    public static let maxFrameBytes = 96 * 1024
    /// Bytes of one tensor that travels as a memfd (1 TiB).
    public static let maxTensorBytes: UInt64 = 1 << 40
}
