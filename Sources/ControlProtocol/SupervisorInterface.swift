/// `org.kernelsupd.Supervisor`: what the control socket answers beside `org.varlink.service`.
public enum SupervisorInterface {
    public static let name = "org.kernelsupd.Supervisor"
    public static let getStatus = "org.kernelsupd.Supervisor.GetStatus"
    public static let getHealth = "org.kernelsupd.Supervisor.GetHealth"
    public static let listKernels = "org.kernelsupd.Supervisor.ListKernels"
    public static let explain = "org.kernelsupd.Supervisor.Explain"
    public static let setBreaker = "org.kernelsupd.Supervisor.SetBreaker"
    public static let acknowledge = "org.kernelsupd.Supervisor.Acknowledge"
    public static let noSuchComponent = "org.kernelsupd.Supervisor.NoSuchComponent"
    public static let permissionDenied = "org.kernelsupd.Supervisor.PermissionDenied"
    public static let malformedRequest = "org.kernelsupd.Supervisor.MalformedRequest"
    public static let notRepresentable = "org.kernelsupd.Supervisor.NotRepresentable"

    public struct StatusReply: Codable, Hashable, Sendable {
        public var status: Status

        public init(status: Status) {
            self.status = status
        }
    }

    public struct HealthParameters: Codable, Hashable, Sendable {
        /// A kernel's name; nil for all.
        public var component: String?

        public init(component: String?) {
            self.component = component
        }
    }

    public struct HealthReply: Codable, Hashable, Sendable {
        public var health: Health

        public init(health: Health) {
            self.health = health
        }
    }

    public struct KernelsReply: Codable, Hashable, Sendable {
        public var kernels: [Kernel]

        public init(kernels: [Kernel]) {
            self.kernels = kernels
        }
    }

    public struct ExplanationReply: Codable, Hashable, Sendable {
        public var explanation: Explanation

        public init(explanation: Explanation) {
            self.explanation = explanation
        }
    }

    public struct BreakerParameters: Codable, Hashable, Sendable {
        public var kernel: String
        /// nil leaves the breakers to the configuration.
        public var override: BreakerStatus.Override?

        public init(kernel: String, override: BreakerStatus.Override?) {
            self.kernel = kernel
            self.override = override
        }
    }

    public struct BreakerReply: Codable, Hashable, Sendable {
        public var kernel: KernelStatus

        public init(kernel: KernelStatus) {
            self.kernel = kernel
        }
    }

    public struct ComponentName: Codable, Hashable, Sendable {
        /// A kernel's or a group's; to explain it, a slot's too.
        public var component: String

        public init(component: String) {
            self.component = component
        }
    }

    /// Parameters of the errors that say more than a name.
    public struct Message: Codable, Hashable, Sendable {
        public var message: String

        public init(message: String) {
            self.message = message
        }
    }
}
