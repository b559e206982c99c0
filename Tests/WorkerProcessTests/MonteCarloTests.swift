import SupervisionKit
import SupervisionWire
import Testing
import WorkerKit

@testable import WorkerProcess

extension OnDevice {
    @Suite struct MonteCarloTests {
        struct Setup: Sendable {
            var positions: [Float] = [1000, -500, 250]
            var mean: [Float] = [0.01, 0.02, -0.01]
            var covariance: [Float] = [
                0.04, 0.01, 0.00,
                0.01, 0.09, 0.02,
                0.00, 0.02, 0.16,
            ]
            var paths: UInt32 = 50_000
            var confidence = 0.99
            var seed: UInt64 = 42

            func inputs() throws -> [InputTensor] {
                [
                    try .vector("positions", positions), try .vector("mean", mean),
                    try .matrix("covariance", mean.count, mean.count, covariance),
                    try .scalar("paths", paths), try .scalar("confidence", confidence),
                    try .scalar("seed", seed),
                ]
            }

            /// Mean and standard deviation of the loss.
            var loss: (mean: Double, deviation: Double) {
                let count = positions.count
                var variance = 0.0
                for i in 0..<count {
                    for j in 0..<count {
                        variance +=
                            Double(positions[i]) * Double(positions[j])
                            * Double(covariance[i * count + j])
                    }
                }
                let mean = zip(positions, mean).reduce(0.0) { $0 - Double($1.0) * Double($1.1) }
                return (mean, variance.squareRoot())
            }

            /// The same simulation in plain Swift, path by path.
            func simulated() throws -> [Float] {
                let portfolio = try positions.withUnsafeBufferPointer { positions in
                    try mean.withUnsafeBufferPointer { mean in
                        try covariance.withUnsafeBufferPointer {
                            try Portfolio(positions: positions, mean: mean, covariance: $0)
                        }
                    }
                }
                return (0..<paths).map { path in
                    var loss: Float = 0
                    for (asset, weight) in portfolio.weights.enumerated() {
                        let counter = SIMD4(path, UInt32(asset / 4), 0, 0)
                        let bits = Philox.numbers(at: counter, seed: seed)[asset % 4]
                        loss += weight * NormalTable.number(bits)
                    }
                    return loss
                }
            }
        }

        private func simulate(_ setup: Setup, groupSize: Int? = nil) throws -> [Double] {
            let device = try OnDevice.makeDevice()
            let kernel = try MonteCarloValueAtRisk(on: device, groupSize: groupSize)
            let result = try OnDevice.run(kernel, setup.inputs())
            return try ["var", "expected_shortfall", "mean_loss"].map {
                try result.scalar($0, as: Double.self)
            }
        }

        /// Within four standard errors of the closed form for a normal portfolio.
        @Test(arguments: [0.9, 0.99, 0.995])
        func `comes near the closed form`(_ confidence: Double) throws {
            var setup = Setup()
            setup.paths = 400_000
            setup.confidence = confidence
            let found = try simulate(setup)
            let (mean, deviation) = setup.loss
            let z = NormalDistribution.quantile(confidence)
            let density = NormalDistribution.density(z)
            let count = Double(setup.paths)
            let error =
                deviation / density * (confidence * (1 - confidence) / count).squareRoot()
            #expect(abs(found[0] - (mean + deviation * z)) < 4 * error)
            let shortfall = mean + deviation * density / (1 - confidence)
            #expect(abs(found[1] - shortfall) < 8 * error)
            #expect(abs(found[2] - mean) < 4 * deviation / count.squareRoot())
        }

        /// Bit by bit: the device computes what this page of Swift does.
        @Test(arguments: [(1, 0.99), (2, 0.5), (1000, 0.99), (1025, 0.975), (70_000, 0.9)])
        func `is the order statistic of the same paths in Swift`(
            _ paths: UInt32,
            _ confidence: Double
        ) throws {
            var setup = Setup()
            setup.paths = paths
            setup.confidence = confidence
            let losses = try setup.simulated().sorted()
            let rank = Int((confidence * Double(paths)).rounded(.up))
            let found = try simulate(setup)
            let exponent = try exponent(of: setup)
            let scale = Double(sign: .plus, exponent: exponent, significand: 1)
            let quantile = Double(losses[rank - 1])
            #expect(found[0] == setup.loss.mean + quantile * scale)
            let beyond = Double(paths) * (1 - confidence)
            let tail = losses[rank...].reduce(0.0) { $0 + Double($1) }
            let rest = beyond - Double(losses.count - rank)
            let shortfall = setup.loss.mean + (tail + quantile * rest) / beyond * scale
            #expect(abs(found[1] - shortfall) < 1e-6 * abs(shortfall))
        }

        private func exponent(of setup: Setup) throws -> Int {
            try setup.positions.withUnsafeBufferPointer { positions in
                try setup.mean.withUnsafeBufferPointer { mean in
                    try setup.covariance.withUnsafeBufferPointer {
                        try Portfolio(positions: positions, mean: mean, covariance: $0).exponent
                    }
                }
            }
        }

        @Test func `any division into groups gives the same bits`() throws {
            let setup = Setup()
            let alone = try simulate(setup, groupSize: 1)
            #expect(try simulate(setup, groupSize: 64) == alone)
            #expect(try simulate(setup, groupSize: 128) == alone)
        }

        @Test func `another seed gives another result`() throws {
            var setup = Setup()
            let first = try simulate(setup)
            setup.seed = 43
            #expect(try simulate(setup) != first)
            setup.seed = 42 | 1 << 40
            #expect(try simulate(setup) != first)
        }

        @Test func `no positions have no losses`() throws {
            var setup = Setup()
            setup.positions = [0, 0, 0]
            #expect(try simulate(setup) == [0, 0, 0])
        }

        @Test(arguments: [1e-20, 1e15] as [Float])
        func `the size of the money does not matter`(_ scale: Float) throws {
            var setup = Setup()
            let (_, unit) = setup.loss
            let small = try simulate(setup)
            setup.positions = setup.positions.map { $0 * scale }
            let found = try simulate(setup)
            #expect(abs(found[0] / Double(scale) - small[0]) < 1e-5 * unit)
            #expect(abs(found[1] / Double(scale) - small[1]) < 1e-5 * unit)
        }

        static let wrong: [(Setup, String)] = [
            (
                Setup(covariance: [1, 0.5, 0, 0.4, 1, 0, 0, 0, 1]),
                "risk/monte-carlo-var: 'covariance' is not symmetric: [1, 0] is "
                    + "0.4000000059604645, [0, 1] is 0.5"
            ),
            (
                Setup(covariance: [1, 2, 0, 2, 1, 0, 0, 0, 1]),
                "risk/monte-carlo-var: 'covariance' is not positive definite: "
                    + "asset 1 follows from the ones before it"
            ),
            (
                Setup(covariance: [1, 0, 0, 0, 0, 0, 0, 0, 1]),
                "risk/monte-carlo-var: 'covariance' is not positive definite: "
                    + "asset 1 has the variance 0.0"
            ),
            (
                Setup(positions: [1, .infinity, 1]),
                "risk/monte-carlo-var: element 1 of 'positions' is inf, it must be finite"
            ),
            (
                Setup(mean: [1, 1, .nan]),
                "risk/monte-carlo-var: element 2 of 'mean' is nan, it must be finite"
            ),
            (
                Setup(confidence: 0),
                "argument 'confidence' is 0.0, it must be above 0 and below 1"
            ),
            (
                Setup(confidence: 1),
                "argument 'confidence' is 1.0, it must be above 0 and below 1"
            ),
            (Setup(paths: 0), "argument 'paths' is 0, allowed is 1...268435456"),
            (Setup(confidence: .nan), "argument 'confidence' is nan, allowed is 0...1"),
        ]

        @Test(arguments: wrong)
        func `refuses`(_ setup: Setup, _ message: String) throws {
            let kernel = try MonteCarloValueAtRisk(on: OnDevice.makeDevice())
            let failure = OnDevice.failure(kernel, try setup.inputs())
            #expect(failure == KernelFailure(.invalidArgument, message))
        }
    }
}
