/// A process that has been started and is on its way to its program.
@frozen
public struct Spawned: ~Copyable, Sendable {
    public var process: ProcessHandle
    /// Ends when the program runs or the helper has failed; see `SpawnReport`.
    ///
    /// Does not block.
    public var report: FileDescriptor

    init(process: consuming ProcessHandle, report: consuming FileDescriptor) {
        self.process = process
        self.report = report
    }
}
