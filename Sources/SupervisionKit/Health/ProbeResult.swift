/// What a worker answers to a health probe.
public enum ProbeResult: Codable, Hashable, Sendable {
    case ok
    /// It serves, worse than it should; counts as a success.
    case degraded(String)
    case failed(String)
    /// It was answered while a call runs: the worker lives, and how well cannot be said.
    ///
    /// It ends the probe and moves no counter: load is no fault.
    case busy

    /// nil where nothing is wrong.
    public var why: String? {
        switch self {
        case .ok, .busy: nil
        case .degraded(let why), .failed(let why): why
        }
    }
}
