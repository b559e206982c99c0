internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// `ml/kmeans-cluster`: groups points around centroids that are the means of their members.
///
/// Lloyd's iterations from a k-means++ start. One seed gives the same result each time on one
/// device. A cluster that loses all members takes the point furthest from its own centroid, so
/// that none stays empty while the points differ. Points equally near to two centroids go to the
/// one with the lower number. Labels and inertia belong to the centroids that are returned.
///
/// Source: Lloyd, "Least Squares Quantization in PCM", IEEE Transactions on Information Theory
/// 28(2), 1982.
final class KMeansCluster: BuiltinKernel {
    static let declaration = KernelSignature(
        name: "ml/kmeans-cluster",
        summary: "Groups points into k clusters around their means.",
        isIdempotent: true,
        arguments: [
            .input("points", .f32, ["n", "d"], "one a row, all numbers finite"),
            .scalar("k", .u32, nil, "1...4096", "clusters, at most n"),
            .scalar(
                "max_iterations",
                .u32,
                "100",
                "1...100000",
                "stops after so many at the latest"
            ),
            .scalar("tolerance", .f32, "1e-4", "0...", "stops when no centroid moves further"),
            .scalar("seed", .u64, "0", "", "of the first centroids; one seed, one result"),
            .output("centroids", .f32, ["k", "d"], "one a row"),
            .output("labels", .u32, ["n"], "the cluster of each point"),
            .output(
                "inertia",
                .f64,
                [],
                "sum of squared distances of the points to their centroids"
            ),
            .output("iterations", .u32, [], "iterations done"),
        ]
    )

    let knownAnswer: KnownAnswer?
    private let device: ComputeDevice
    private let binder: SignatureBinder
    private let functions: KMeansFunctions

    init(on device: ComputeDevice) throws {
        self.device = device
        binder = try SignatureBinder(KMeansCluster.declaration)
        functions = try KMeansFunctions(on: device)
        // Two pairs, far apart: each pair is a cluster, whichever point the first centroid is.
        knownAnswer = KnownAnswer(
            inputs: [
                try InputTensor(
                    name: "points",
                    shape: [4, 2],
                    elements: [0, 0, 0, 2, 10, 10, 10, 12] as [Float]
                ),
                try InputTensor(name: "k", shape: [], elements: [2] as [UInt32]),
            ],
            outputs: [.init(name: "inertia", shape: [], elements: [4.0])]
        )
        try warmUp(on: device)
        try functions.storeWarm(on: device)
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        let sizes = try binder.bind(call)
        let points = try call.elements("points", as: Float.self)
        let limits = KMeansRun.Limits(
            clusterCount: Int(try call.scalar("k", as: UInt32.self)),
            maxIterations: try call.scalar("max_iterations", as: UInt32.self),
            tolerance: try call.scalar("tolerance", as: Float.self),
            seed: try call.scalar("seed", as: UInt64.self)
        )
        let dimensions = call.size("points", 1)
        try check(points, count: call.size("points", 0), dimensions: dimensions, limits)
        var ending = KMeansRun.Ending(centroids: [], inertia: 0, iterations: 0)
        let labels = try OutputTensor.allocate(
            name: "labels",
            type: .u32,
            shape: sizes.shape(of: "labels")
        ) { bytes throws(KernelFailure) in
            ending = try device.serve(call) {
                let run = try KMeansRun(points, dimensions: dimensions, limits, functions, device)
                return try run.run(labels: bytes, call: call)
            }
        }
        return KernelResult(outputs: [
            OutputTensor(
                name: "centroids",
                shape: try sizes.shape(of: "centroids"),
                elements: ending.centroids
            ),
            labels,
            OutputTensor(name: "inertia", scalar: ending.inertia),
            OutputTensor(name: "iterations", scalar: ending.iterations),
        ])
    }

    private func check(
        _ points: UnsafeBufferPointer<Float>,
        count: Int,
        dimensions: Int,
        _ limits: KMeansRun.Limits
    ) throws(KernelFailure) {
        guard dimensions > 0, count < 1 << 31, dimensions < 1 << 20 else {
            throw invalid("'points' is \(count) × \(dimensions): 1 to 2^20 columns are wanted")
        }
        guard limits.clusterCount <= count else {
            throw invalid("'k' is \(limits.clusterCount), but there are only \(count) points")
        }
        guard limits.tolerance.isFinite else { throw invalid("'tolerance' must be finite") }
        var faulty = 0
        for number in points where !number.isFinite { faulty += 1 }
        guard faulty > 0, let place = points.firstIndex(where: { !$0.isFinite }) else { return }
        throw invalid(
            "'points' has \(points[place]) in row \(place / dimensions), "
                + "column \(place % dimensions); all numbers must be finite"
        )
    }

    private func invalid(_ problem: String) -> KernelFailure {
        KernelFailure(.invalidArgument, "argument \(problem)")
    }
}
