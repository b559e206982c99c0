import Glibc

/// Memory and idle processor time of the daemon with one worker, after all the load before.
struct Footprint {
    let resident: Double
    let anonymous: Double
    /// Of one core.
    let idlePercent: Double

    init(of pid: Int32, idleSeconds: Double) throws {
        resident = try ProcessFigures.mebibytes("VmRSS", of: pid)
        anonymous = try ProcessFigures.mebibytes("RssAnon", of: pid)
        // What the last client's leaving set off is over by then.
        usleep(500_000)
        let before = try ProcessFigures.processorTime(of: pid)
        let started = ContinuousClock.now
        usleep(UInt32(idleSeconds * 1e6))
        let spent = try ProcessFigures.processorTime(of: pid) - before
        idlePercent = 100 * spent / 1e9 / (ContinuousClock.now - started).inSeconds
    }

    func print() {
        var table = Table(["kernelsupd with one worker, after the load", "", "target"])
        table.add(["resident MiB", short(resident), "≤ 12"])
        table.add(["of it anonymous MiB", short(anonymous), "≤ 3"])
        table.add(["idle, % of a core", short(idlePercent), "≤ 0.02"])
        table.print()
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
