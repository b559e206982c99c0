/// What a worker's process does that SIGKILL does not end, as the operating system shows it now.
///
/// Its number and since when it is stuck are the slot's.
public struct StuckProcess: Codable, Hashable, Sendable {
    /// Of its program.
    public var program: String
    /// One letter, as in proc(5): `D` for one that no signal reaches.
    public var state: String
    /// The kernel's function that it waits in; nil when it waits in none or may not be seen.
    @OrNull public var waitChannel: String?

    enum CodingKeys: String, CodingKey {
        case program, state
        case waitChannel = "wait_channel"
    }

    public init(program: String, state: String, waitChannel: String? = nil) {
        self.program = program
        self.state = state
        self.waitChannel = waitChannel
    }
}
