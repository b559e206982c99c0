/// What the daemon tells and lets itself be told: asked synchronously, on the daemon's own thread.
///
/// Not `Sendable` on purpose: a provider may be a view of the actor's own state that lives for one
/// dispatch.
public protocol ControlProvider {
    func status() -> Status
    /// The judgement over all kernels (nil) or over the one of that name.
    func health(component: String?) -> Result<Health, NoSuchComponent>
    /// Why a kernel, a group or a slot is as it is.
    func explanation(of component: String) -> Result<Explanation, NoSuchComponent>
    /// Sorted by name.
    func kernels() -> [Kernel]

    /// Whether the one who asks may also change something.
    var mayChange: Bool { get }
    /// Sets the override of one kernel's breakers; nil leaves them to the configuration again.
    ///
    /// - Returns: the kernel after it.
    func setBreaker(
        kernel: String,
        to override: BreakerStatus.Override?
    ) -> Result<KernelStatus, NoSuchComponent>
    /// Takes note of the alert of a group, which a kernel of it names as well.
    func acknowledge(component: String) -> Result<Acknowledgement, NoSuchComponent>
}
