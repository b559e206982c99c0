import ControlProtocol

/// What can be called, as the daemon describes it.
typealias KernelDescription = ControlProtocol.Kernel
