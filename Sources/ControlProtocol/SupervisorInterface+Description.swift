extension SupervisorInterface {
    /// The interface in Varlink's own language.
    ///
    /// A test reads it back and compares it with the
    /// values that are encoded.
    public static let description = """
        # The supervisor of this host's compute kernels. The control socket's mode decides who
        # may ask; what changes something is for root and the daemon's own user. Instants are
        # RFC 3339 in UTC with microseconds, spans are seconds, null means not known. Fields are
        # only ever added.
        interface org.kernelsupd.Supervisor

        # What the daemon does next by itself, and when.
        type NextAction (
          action: string,
          at: string,
          in_s: float
        )

        # A process that SIGKILL does not end: its program, its state (a letter, as in proc(5)) and
        # the function of the operating system that it waits in.
        type StuckProcess (
          program: string,
          state: string,
          wait_channel: ?string
        )

        # One place for a worker process.
        type SlotStatus (
          name: string,
          role: ?(active, standby, degraded, backup),
          state: (stopped, waiting, starting, ready, unready, stopping, killed, stuck, backoff, \
        quarantined, failed),
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
          progress: ?int,
          # What its probes say, and why where that is not healthy.
          probe: ?(healthy, degraded, unhealthy),
          probe_why: ?string,
          # In state stuck, since when it is that.
          stuck: ?StuckProcess
        )

        # A kernel's circuit breaker in front of one slot.
        type BreakerStatus (
          slot: string,
          state: (closed, open, half_open),
          since: string,
          # A person's word, which stands above the state.
          override: (none, forced_open, forced_closed, observe),
          # Attempts in the window that the rates look back on, those of them that failed or
          # were slow, and the share that did not fail.
          calls: int,
          failures: int,
          slow: int,
          success_rate: ?float,
          consecutive_failures: int,
          # In flight.
          trials: int,
          # Ever: admitted under observe although the state would have refused.
          would_have_refused: int,
          openings: int,
          # Until it is worth asking again; null while calls pass.
          retry_after_s: ?float
        )

        # What stands between a kernel's callers and its trouble.
        type ResilienceStatus (
          # One a slot.
          breakers: []BreakerStatus,
          # Ever.
          refused_by_breaker: ?int,
          retries_left: ?int,
          # How the group came to stand where it does on its ladder of recovery.
          recovery: ?string,
          alert: (none, raised, acknowledged)
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
          restarts: int,
          resilience: ResilienceStatus
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
          # The daemon still decides: its books agree.
          live: bool,
          # Every worker that starts with the daemon is ready, or has shown that it can't be.
          started: bool,
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
          next: ?NextAction,
          resilience: ResilienceStatus
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

        # A value in force, as it would stand in a file, and where it comes from.
        type Limit (
          key: string,
          value: string,
          origin: string
        )

        # What the daemon is going to do; at is null when no instant is set.
        type ExpectedAction (
          action: string,
          text: string,
          at: ?string,
          in_s: ?float
        )

        # A command that is right in this state.
        type Advice (
          command: string,
          purpose: string
        )

        # A line that a worker wrote, and what was done to it.
        type Line (
          at: string,
          stream: (stdout, stderr),
          text: string,
          marks: [](cut, unfinished, repaired, controls)
        )

        # The last lines, at most 20, of all that the worker wrote, and how it ended after that.
        # A slot has two of these where another worker has written something since, in this order.
        type LastWords (
          slot: string,
          incarnation: int,
          pid: int,
          total: int,
          lines: []Line,
          end: ?string,
          ended_at: ?string
        )

        # What became of the lines that the workers of a slot wrote: written is the sum of the
        # others.
        type OutputAccount (
          slot: string,
          written: int,
          logged: int,
          suppressed: int,
          lost: int
        )

        # The same thing, once or more often.
        type Event (
          first: string,
          last: string,
          count: int,
          kind: string,
          text: string
        )

        # What happened; nothing is missing since from.
        type Events (
          from: string,
          dropped: int,
          list: []Event
        )

        type Explanation (
          format: int,
          name: string,
          subject: (kernel, group, slot),
          group: string,
          # Of the kernel that is worst off.
          state: (healthy, degraded, down, unknown),
          since: string,
          reason_id: ?string,
          reason: ?string,
          why: ?string,
          consequence: string,
          # The values that led to this.
          limits: []Limit,
          # What the daemon does by itself, in this order.
          next: []ExpectedAction,
          advice: []Advice,
          calls: Calls,
          counted_since: string,
          # Of each slot; the one to blame first.
          said_last: []LastWords,
          output: []OutputAccount,
          events: Events,
          # All that are concerned, worst first.
          kernels: []KernelStatus
        )

        # The state of the daemon, its kernels and their slots.
        method GetStatus() -> (status: Status)

        # The judgement: over all kernels, or over the one named.
        method GetHealth(component: ?string) -> (health: Health)

        # Why a kernel, a group or a slot is as it is, and what can be done.
        method Explain(component: string) -> (explanation: Explanation)

        # Everything that can be called, by name.
        method ListKernels() -> (kernels: []Kernel)

        # Sets what a person says of one kernel's breakers; without an override they are left to
        # the configuration again. The kernel comes back as it is after that.
        method SetBreaker(
          kernel: string,
          override: ?(none, forced_open, forced_closed, observe)
        ) -> (kernel: KernelStatus)

        # Takes note of the alert of a group, which a kernel of it names as well. Without an alert
        # that waits, nothing happens.
        method Acknowledge(component: string) -> (
          group: string,
          # An alert waited, and no longer does.
          acknowledged: bool,
          alert: (none, raised, acknowledged),
          recovery: ?string
        )

        # The one who asks may not change anything.
        error PermissionDenied (message: string)

        # No kernel of that name is configured; nearest holds names that are near it.
        error NoSuchComponent (name: string, nearest: []string)

        # The request is not a JSON object with a method.
        error MalformedRequest (message: string)

        # The answer holds a number that JSON can't carry.
        error NotRepresentable (message: string)

        """
}
