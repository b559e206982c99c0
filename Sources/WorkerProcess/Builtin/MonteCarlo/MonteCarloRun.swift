internal import Glibc
internal import WorkerKit

/// One simulation on the device: losses, their quantile, and the sums beyond it.
final class MonteCarloRun {
    struct Ending: Hashable {
        var valueAtRisk: Double
        var expectedShortfall: Double
        var meanLoss: Double
    }

    private static let binCount = 2048

    private let device: ComputeDevice
    private let functions: MonteCarloFunctions
    private let portfolio: Portfolio
    private let pathCount: Int
    private let groups: Int
    private let share: UInt32
    private let losses: DeviceBuffer
    private let bins: DeviceBuffer

    init(
        _ portfolio: Portfolio,
        pathCount: Int,
        _ functions: MonteCarloFunctions,
        _ device: ComputeDevice
    ) throws(OpenCLError) {
        self.device = device
        self.functions = functions
        self.portfolio = portfolio
        self.pathCount = pathCount
        let size = functions.groupSize
        groups = min((pathCount + 1023) / 1024, device.groupCount(forGroupSize: size))
        share = UInt32((pathCount + groups - 1) / groups)
        losses = try device.scratch(Float.self, count: pathCount)
        bins = try device.scratch(UInt32.self, count: MonteCarloRun.binCount)
    }

    func run(confidence: Double, seed: UInt64, call: KernelCall) throws -> Ending {
        try simulate(seed: seed, call: call)
        // The smallest loss that at least this share of all losses does not exceed.
        let rank = max(1, min(pathCount, Int((confidence * Double(pathCount)).rounded(.up))))
        let (key, atMost) = try select(rank: rank, call: call)
        let (sum, tail) = try addUp(beyond: key)
        let quantile = Double(MonteCarloRun.loss(of: key))
        let beyond = Double(pathCount) * (1 - confidence)
        // Losses equal to the quantile fill up what the ones beyond it leave of the share.
        let rest = beyond - Double(pathCount - atMost)
        let shortfall = beyond > 0 ? (tail + quantile * rest) / beyond : quantile
        return Ending(
            valueAtRisk: real(quantile),
            expectedShortfall: real(max(shortfall, quantile)),
            meanLoss: real(sum / Double(pathCount))
        )
    }

    /// From the device's units to money.
    private func real(_ loss: Double) -> Double {
        portfolio.drift + scalbn(loss, portfolio.exponent)
    }

    /// In bands, since a launch cannot be stopped.
    private func simulate(seed: UInt64, call: KernelCall) throws {
        let weights = try device.copy(of: portfolio.weights)
        try functions.simulate.set(
            .buffer(weights),
            .u32(UInt32(portfolio.assetCount)),
            .buffer(functions.table),
            .u64(seed),
            .u32(0),
            .u32(UInt32(pathCount)),
            .buffer(losses)
        )
        let numbers = device.info.prefersLongItems ? 1 << 26 : 1 << 32
        let band = max(1, numbers / portfolio.assetCount / 64) * 64
        for first in stride(from: 0, to: pathCount, by: band) {
            try call.checkCancellation()
            let paths = min(band, pathCount - first)
            try functions.simulate.set(4, .u32(UInt32(first)))
            try functions.simulate.launch(on: device, groups: (paths + 63) / 64, of: 64)
            try device.queue.finish()
            call.advance(UInt64(paths))
        }
    }

    /// The key of the loss with that rank, 1 for the smallest, and how many losses are at most it.
    ///
    /// A radix selection: 11, 11 and 10 bits of the keys, from the top.
    private func select(rank: Int, call: KernelCall) throws -> (key: UInt32, atMost: Int) {
        var prefix: UInt32 = 0
        var below = 0
        var atMost = 0
        for (prefixShift, shift, bits) in [(32, 21, 11), (21, 10, 11), (10, 0, 10)] {
            try call.checkCancellation()
            try device.queue.fill(bins, with: UInt32(0), byteCount: bins.byteCount)
            try functions.count.set(
                .buffer(losses),
                .u32(UInt32(pathCount)),
                .u32(prefix),
                .u32(UInt32(prefixShift)),
                .u32(UInt32(shift)),
                .u32(1 << UInt32(bits) - 1),
                .u32(share),
                .buffer(bins)
            )
            try functions.count.launch(on: device, groups: groups, of: functions.groupSize)
            var counts = [UInt32](repeating: 0, count: MonteCarloRun.binCount)
            try device.read(bins, into: &counts)
            var bin = 0
            while bin < counts.count - 1, below + Int(counts[bin]) < rank {
                below += Int(counts[bin])
                bin += 1
            }
            atMost = below + Int(counts[bin])
            prefix = prefix << UInt32(bits) | UInt32(bin)
        }
        return (prefix, atMost)
    }

    /// The sum of all losses and of those beyond the quantile, in the device's units.
    private func addUp(beyond key: UInt32) throws(OpenCLError) -> (sum: Double, tail: Double) {
        // Every loss is at most 1, so that this many fit into 62 bits.
        let exponent = 61 - (UInt64.bitWidth - UInt64(pathCount).leadingZeroBitCount)
        var parts = [Int64](repeating: 0, count: 2 * groups)
        let buffer = try device.scratch(Int64.self, count: parts.count)
        try functions.addUp.set(
            .buffer(losses),
            .u32(UInt32(pathCount)),
            .u32(key),
            .f32(Float(scalbn(1.0, exponent))),
            .u32(share),
            .buffer(buffer)
        )
        try functions.addUp.launch(on: device, groups: groups, of: functions.groupSize)
        try device.read(buffer, into: &parts)
        var sum: Int64 = 0
        var tail: Int64 = 0
        for group in 0..<groups {
            sum &+= parts[2 * group]
            tail &+= parts[2 * group + 1]
        }
        return (scalbn(Double(sum), -exponent), scalbn(Double(tail), -exponent))
    }

    /// The loss that has this key: keys are ordered as losses are.
    static func loss(of key: UInt32) -> Float {
        Float(bitPattern: key >> 31 == 1 ? key & 0x7FFF_FFFF : ~key)
    }
}
