/// `org.kernelsupd.Supervisor`: what the control socket answers beside `org.varlink.service`.
public enum SupervisorInterface {
    public static let name = "org.kernelsupd.Supervisor"
    public static let getStatus = "org.kernelsupd.Supervisor.GetStatus"
    public static let getHealth = "org.kernelsupd.Supervisor.GetHealth"
    public static let listKernels = "org.kernelsupd.Supervisor.ListKernels"
    public static let noSuchComponent = "org.kernelsupd.Supervisor.NoSuchComponent"
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

    /// Parameters of the errors that say more than a name.
    public struct Message: Codable, Hashable, Sendable {
        public var message: String

        public init(message: String) {
            self.message = message
        }
    }

    /// The interface in Varlink's own language.
    ///
    /// A test reads it back and compares it with the
    /// values that are encoded.
    public static let description = """
        # The supervisor of this host's compute kernels. All methods only read; the control
        # socket's mode decides who may ask. Instants are RFC 3339 in UTC with microseconds,
        # spans are seconds, null means not known. Fields are only ever added.
        interface org.kernelsupd.Supervisor

        # What the daemon does next by itself, and when.
        type NextAction (
          action: string,
          at: string,
          in_s: float
        )

        # One place for a worker process.
        type SlotStatus (
          name: string,
          state: (stopped, starting, ready, stopping, killed, stuck, backoff, quarantined, failed),
          pid: ?int,
          # Counts the workers that the slot has had.
          incarnation: int,
          since: string,
          restarts: int,
          # How the last worker ended, in words.
          last_exit: ?string,
          device: ?string,
          # Seconds for which the running call runs.
          running_for_s: ?float,
          # Since the worker last said that it is alive, and how far its call was then.
          heartbeat_age_s: ?float,
          progress: ?int
        )

        # One kernel and its slots.
        type KernelStatus (
          name: string,
          group: string,
          state: (healthy, degraded, down, unknown),
          # A page of kernelsupd.reasons(7), such as KSUP-R07.
          reason_id: ?string,
          reason: ?string,
          why: ?string,
          next: ?NextAction,
          since: string,
          slots: []SlotStatus,
          calls: int,
          failed: int,
          refused: int,
          in_flight: int,
          queued: int,
          restarts: int
        )

        type Configuration (
          path: string,
          loaded_at: string,
          state: (in_force, reload_refused),
          errors: []string
        )

        type Calls (
          accepted: int,
          ok: int,
          failed: int,
          refused: int,
          retried: int,
          in_flight: int,
          queued: int
        )

        type Sockets (
          calls: string,
          control: string
        )

        # The state that acts.
        type Status (
          format: int,
          version: string,
          pid: int,
          state: (healthy, degraded, critical, unknown),
          # A call now would be served.
          ready: bool,
          draining: bool,
          started_at: string,
          uptime_s: float,
          configuration: Configuration,
          kernels: []KernelStatus,
          clients: int,
          calls: Calls,
          # Refused input by kind.
          bad_input: [string]int,
          sockets: Sockets
        )

        type Component (
          kernel: string,
          state: (healthy, degraded, down, unknown),
          reason_id: ?string,
          reason: ?string,
          why: ?string,
          since: string,
          next: ?NextAction
        )

        type Totals (
          healthy: int,
          degraded: int,
          down: int,
          unknown: int
        )

        type Health (
          format: int,
          status: (healthy, degraded, critical, unknown),
          # Worst first. Healthy kernels are only counted, unless one was asked for.
          components: []Component,
          muted: []Component,
          totals: Totals
        )

        # An input or output of a kernel; shape holds one size or expression a dimension.
        type Argument (
          name: string,
          direction: (input, output),
          type: string,
          shape: []string,
          default: ?string,
          range: ?string,
          documentation: string
        )

        # What can be called.
        type Kernel (
          name: string,
          summary: string,
          group: string,
          idempotent: bool,
          # Why it can't be called although its worker is up, such as a build log.
          problem: ?string,
          arguments: []Argument,
          state: (healthy, degraded, down, unknown)
        )

        # The state of the daemon, its kernels and their slots.
        method GetStatus() -> (status: Status)

        # The judgement: over all kernels, or over the one named.
        method GetHealth(component: ?string) -> (health: Health)

        # Everything that can be called, by name.
        method ListKernels() -> (kernels: []Kernel)

        # No kernel of that name is configured; nearest holds names that are near it.
        error NoSuchComponent (name: string, nearest: []string)

        # The request is not a JSON object with a method.
        error MalformedRequest (message: string)

        # The answer holds a number that JSON can't carry.
        error NotRepresentable (message: string)

        """
}
