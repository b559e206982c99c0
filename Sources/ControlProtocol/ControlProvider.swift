/// What the daemon tells: asked synchronously, on the daemon's own thread, in the middle of a turn.
///
/// Not `Sendable` on purpose: a provider may be a view of the actor's own state that lives for one
/// dispatch.
public protocol ControlProvider {
    func status() -> Status
    /// The judgement over all kernels (nil) or over the one of that name.
    func health(component: String?) -> Result<Health, NoSuchComponent>
    /// Sorted by name.
    func kernels() -> [Kernel]
}
