internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// `risk/monte-carlo-var`: value at risk and expected shortfall of a portfolio by simulation.
///
/// Returns are jointly normal. One seed gives the same result on every device, bit by bit.
/// Value at risk is the smallest loss that a share `confidence` of the paths does not exceed;
/// expected shortfall is the mean of the worst 1 − `confidence` of them, with a part of the losses
/// at the quantile where that share is no whole number of paths.
///
/// Source: Glasserman, "Monte Carlo Methods in Financial Engineering", 2003, section 9.1;
/// Rockafellar and Uryasev, "Conditional Value-at-Risk for General Loss Distributions", Journal of
/// Banking and Finance 26(7), 2002, proposition 8, for the expected shortfall.
final class MonteCarloValueAtRisk: BuiltinKernel {
    static let declaration = KernelSignature(
        name: "risk/monte-carlo-var",
        summary: "Value at risk and expected shortfall of a normal portfolio, by simulation.",
        isIdempotent: true,
        arguments: [
            .input("positions", .f32, ["a"], "money in each asset, at most 1024 of them"),
            .input("mean", .f32, ["a"], "expected return of each asset over the horizon"),
            .input("covariance", .f32, ["a", "a"], "of the returns; symmetric, positive definite"),
            .scalar("paths", .u32, "100000", "1...268435456", "simulated futures"),
            .scalar("confidence", .f64, "0.99", "0...1", "above 0 and below 1"),
            .scalar("seed", .u64, "0", "", "of the random numbers; one seed, one result"),
            .output("var", .f64, [], "value at risk, a loss counts positive"),
            .output("expected_shortfall", .f64, [], "mean loss beyond the value at risk"),
            .output("mean_loss", .f64, [], "mean of all simulated losses"),
        ]
    )

    let knownAnswer: KnownAnswer?
    private let device: ComputeDevice
    private let binder: SignatureBinder
    private let functions: MonteCarloFunctions

    convenience init(on device: ComputeDevice) throws {
        try self.init(on: device, groupSize: nil)
    }

    /// Builds for groups of `groupSize` work-items, a power of two; nil takes what suits.
    init(on device: ComputeDevice, groupSize: Int?) throws {
        self.device = device
        binder = try SignatureBinder(MonteCarloValueAtRisk.declaration)
        functions = try MonteCarloFunctions(on: device, groupSize: groupSize)
        knownAnswer = try MonteCarloValueAtRisk.fourPaths()
        try warmUp(on: device)
        try functions.storeWarm(on: device)
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        _ = try binder.bind(call)
        let confidence = try call.scalar("confidence", as: Double.self)
        guard confidence > 0, confidence < 1 else {
            throw KernelFailure(
                .invalidArgument,
                "argument 'confidence' is \(confidence), it must be above 0 and below 1"
            )
        }
        let portfolio = try Portfolio(
            positions: call.elements("positions", as: Float.self),
            mean: call.elements("mean", as: Float.self),
            covariance: call.elements("covariance", as: Float.self)
        )
        let paths = try call.scalar("paths", as: UInt32.self)
        let seed = try call.scalar("seed", as: UInt64.self)
        let ending = try device.serve(call) {
            let run = try MonteCarloRun(portfolio, pathCount: Int(paths), functions, device)
            return try run.run(confidence: confidence, seed: seed, call: call)
        }
        return KernelResult(outputs: [
            OutputTensor(name: "var", scalar: ending.valueAtRisk),
            OutputTensor(name: "expected_shortfall", scalar: ending.expectedShortfall),
            OutputTensor(name: "mean_loss", scalar: ending.meanLoss),
        ])
    }

    /// Four losses -1 - z, with the z of Philox 4x32-10 and the exact quantiles of the normal
    /// distribution, which the device's own come within 1e-5 of.
    private static func fourPaths() throws -> KnownAnswer {
        func expected(_ name: String, _ value: Double) -> KnownAnswer.Output {
            .init(name: name, shape: [], elements: [value], tolerance: 1e-5)
        }
        return KnownAnswer(
            inputs: [
                try InputTensor(name: "positions", shape: [1], elements: [2] as [Float]),
                try InputTensor(name: "mean", shape: [1], elements: [0.5] as [Float]),
                try InputTensor(name: "covariance", shape: [1, 1], elements: [0.25] as [Float]),
                try InputTensor(name: "paths", shape: [], elements: [4] as [UInt32]),
                try InputTensor(name: "confidence", shape: [], elements: [0.5]),
                try InputTensor(name: "seed", shape: [], elements: [1] as [UInt64]),
            ],
            outputs: [
                expected("var", -1.650680),
                expected("expected_shortfall", -0.797977),
                expected("mean_loss", -1.298233),
            ]
        )
    }
}
