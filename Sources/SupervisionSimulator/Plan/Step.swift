package import SupervisionKit

/// One thing that somebody or something does to the daemon, at its instant of the run.
///
/// A step stands alone: it names workers, calls and kernels by numbers that are taken modulo what
/// is there, so that it means something wherever it comes. Any part of a plan is a plan, which is
/// what makes a failing one easy to shorten.
package struct Step: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        case call(Call)
        /// Some call in flight is cancelled.
        case cancel(UInt32)
        /// A call comes with the id of one in flight.
        case sameIDAgain(UInt32)
        /// A client sends so many calls at once.
        case flood(client: Int, kernel: UInt32, calls: Int)
        case badFrame(client: Int)
        case clientLeaves(Int)

        case harm(Harm, worker: UInt32)
        /// All workers of a group die at once, as with their device.
        case massDeath(group: UInt32)

        case reload(Reload)
        /// Files that can't be read as a configuration.
        case wrongFiles
        case overrideBreaker(kernel: UInt32, BreakerOverride?)
        case acknowledgeAlert(group: UInt32)
        case stop

        /// The daemon's loop is held up.
        case stall(Duration)
        /// The machine sleeps.
        case suspend(Duration)
        /// The clock is read as earlier than it was, for some turns.
        case clockJumpsBack(Duration, turns: Int)
    }

    package struct Call: Hashable, Sendable {
        package var client: Int
        package var kernel: UInt32
        /// From the call on; nil for none.
        package var timeout: Duration?
        package var isIdempotent = false
        package var mayRetry = true
        /// Names its content; 0 for none.
        package var key: UInt64 = 0
        package var work: Work

        package init(client: Int, kernel: UInt32, timeout: Duration? = nil, work: Work) {
            self.client = client
            self.kernel = kernel
            self.timeout = timeout
            self.work = work
        }
    }

    package enum Harm: Hashable, Sendable {
        case crash(signal: String)
        case exit(Int32)
        /// Its kernels stop answering, and so does it.
        case hang
        /// It is stopped for a time, as by a debugger or a swapping machine.
        case freeze(Duration)
        /// Its probes fail for a time; calls go on.
        case sicken(Duration)
        case closeChannel
        /// It sends what no worker may.
        case nonsense
        /// It answers a call that it doesn't have.
        case wrongReply
        /// It repeats what it said when it started.
        case helloAgain
        case readyAgain
        /// It sends as many progress reports.
        case heartbeats(Int)
    }

    package enum Reload: Hashable, Sendable {
        case nothing
        /// The group's program has changed.
        case program(group: UInt32)
        case replicas(group: UInt32, Int)
        case policies(group: UInt32, seed: UInt64)
        /// A group and its kernels go, or come back.
        case group(UInt32)
        /// A kernel goes, or comes back.
        case kernel(UInt32)
        /// A kernel moves to another group.
        case move(kernel: UInt32, group: UInt32)
        case limits(perClient: Int)
    }

    package var at: Duration
    package var action: Action

    package init(at: Duration, _ action: Action) {
        self.at = at
        self.action = action
    }
}
