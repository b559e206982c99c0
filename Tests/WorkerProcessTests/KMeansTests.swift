import SupervisionKit
import SupervisionWire
import Testing
import WorkerKit

@testable import WorkerProcess

extension OnDevice {
    @Suite struct KMeansTests {
        /// Points around far corners of a square; `count` of them, the corner of each with it.
        private func makeBlobs(_ count: Int) -> (points: [Float], corners: [Int]) {
            let corners: [(Float, Float)] = [(0, 0), (100, 0), (0, 100), (100, 100)]
            var generator = SplitMix(state: 5)
            var points: [Float] = []
            var labels: [Int] = []
            for i in 0..<count {
                labels.append(i % 4)
                points.append(corners[i % 4].0 + Float.random(in: -1...1, using: &generator))
                points.append(corners[i % 4].1 + Float.random(in: -1...1, using: &generator))
            }
            return (points, labels)
        }

        private func cluster(
            _ points: [Float],
            dimensions: Int,
            k: UInt32,
            seed: UInt64 = 1,
            extra: [InputTensor] = []
        ) throws -> [String: OutputTensor] {
            let kernel = try KMeansCluster(on: OnDevice.makeDevice())
            let rows = points.count / dimensions
            let inputs = [
                try InputTensor.matrix("points", rows, dimensions, points),
                try .scalar("k", k), try .scalar("seed", seed),
            ]
            return try OnDevice.run(kernel, inputs + extra)
        }

        @Test(arguments: [8, 41, 5003])
        func `separated blobs are found`(_ count: Int) throws {
            let (points, corners) = makeBlobs(count)
            let result = try cluster(points, dimensions: 2, k: 4)
            let labels = try result.elements("labels", as: UInt32.self)
            let pairs = Set(zip(corners, labels).map { [$0.0, Int($0.1)] })
            #expect(pairs.count == 4)
            #expect(Set(labels).count == 4)
            try expectConsistent(result, points, dimensions: 2)
        }

        /// Labels are the nearest centroids, centroids the means, inertia the sum of squares.
        private func expectConsistent(
            _ result: [String: OutputTensor],
            _ points: [Float],
            dimensions: Int
        ) throws {
            let labels = try result.elements("labels", as: UInt32.self)
            let centroids = try result.elements("centroids", as: Float.self)
            var inertia = 0.0
            for (point, label) in labels.enumerated() {
                let squares = stride(from: 0, to: centroids.count, by: dimensions).map { start in
                    (0..<dimensions).reduce(0.0) { sum, j in
                        let gap =
                            Double(points[point * dimensions + j]) - Double(centroids[start + j])
                        return sum + gap * gap
                    }
                }
                let nearest = squares.min() ?? 0
                #expect(abs(squares[Int(label)] - nearest) <= 1e-4 * (1 + nearest))
                inertia += squares[Int(label)]
            }
            let given = try result.scalar("inertia", as: Double.self)
            #expect(abs(given - inertia) <= 1e-4 * (1 + inertia))
        }

        @Test func `one cluster is the mean`() throws {
            let result = try cluster([1, 2, 3, 4, 5, 9], dimensions: 2, k: 1)
            #expect(try result.elements("centroids", as: Float.self) == [3, 5])
            #expect(try result.elements("labels", as: UInt32.self) == [0, 0, 0])
            #expect(try result.scalar("inertia", as: Double.self) == 34)
        }

        @Test func `as many clusters as points leave no distance`() throws {
            let result = try cluster([0, 10, 30, 70, 150], dimensions: 1, k: 5)
            #expect(Set(try result.elements("labels", as: UInt32.self)).count == 5)
            #expect(try result.scalar("inertia", as: Double.self) == 0)
        }

        @Test func `equal points end in one cluster and are no error`() throws {
            let points = [Float](repeating: 4, count: 30)
            let result = try cluster(points, dimensions: 3, k: 4)
            #expect(try result.scalar("inertia", as: Double.self) == 0)
            #expect(
                try result.elements("centroids", as: Float.self)
                    == [Float](repeating: 4, count: 12)
            )
        }

        /// From centroids of the test's choice: the second one is nobody's nearest.
        @Test func `a cluster that loses all members takes the furthest point`() throws {
            let device = try OnDevice.makeDevice()
            let functions = try KMeansFunctions(on: device)
            let limits = KMeansRun.Limits(
                clusterCount: 2,
                maxIterations: 10,
                tolerance: 0,
                seed: 0
            )
            let points: [Float] = [0, 1, 2, 100, 102]
            var labels = [UInt32](repeating: 9, count: 5)
            let ending = try points.withUnsafeBufferPointer { points in
                let run = try KMeansRun(points, dimensions: 1, limits, functions, device)
                try run.layOut()
                return try labels.withUnsafeMutableBytes {
                    try run.refine(
                        [0, 1000],
                        labels: $0,
                        call: KernelCall(kernel: "ml/kmeans-cluster", inputs: [])
                    )
                }
            }
            #expect(labels == [0, 0, 0, 1, 1])
            #expect(ending.centroids == [1, 101])
            #expect(ending.inertia == 4)
        }

        @Test func `one seed gives one result`() throws {
            var generator = SplitMix(state: 8)
            let points = (0..<6000).map { _ in Float.random(in: 0...1, using: &generator) }
            let first = try cluster(points, dimensions: 3, k: 17, seed: 9)
            let second = try cluster(points, dimensions: 3, k: 17, seed: 9)
            let other = try cluster(points, dimensions: 3, k: 17, seed: 10)
            let centroids = try first.elements("centroids", as: Float.self)
            #expect(try second.elements("centroids", as: Float.self) == centroids)
            #expect(try other.elements("centroids", as: Float.self) != centroids)
            try expectConsistent(first, points, dimensions: 3)
        }

        @Test func `stops at the largest number of iterations`() throws {
            var generator = SplitMix(state: 8)
            let points = (0..<3000).map { _ in Float.random(in: 0...1, using: &generator) }
            let extra = [
                try InputTensor.scalar("max_iterations", 3 as UInt32),
                try .scalar("tolerance", 0 as Float),
            ]
            let result = try cluster(points, dimensions: 3, k: 20, extra: extra)
            #expect(try result.scalar("iterations", as: UInt32.self) == 3)
        }

        @Test func `refuses points that are not finite, and more clusters than points`() throws {
            let message =
                "argument 'points' has nan in row 1, column 0; "
                + "all numbers must be finite"
            #expect(throws: KernelFailure(.invalidArgument, message)) {
                try cluster([1, 2, .nan, 4], dimensions: 2, k: 1)
            }
            let tooMany = "argument 'k' is 3, but there are only 2 points"
            #expect(throws: KernelFailure(.invalidArgument, tooMany)) {
                try cluster([1, 2], dimensions: 1, k: 3)
            }
            #expect(throws: KernelFailure.self) { try cluster([1, 2], dimensions: 1, k: 0) }
        }

        @Test func `refuses points without columns`() throws {
            let kernel = try KMeansCluster(on: OnDevice.makeDevice())
            let points = try InputTensor.matrix("points", 2, 0, [] as [Float])
            let failure = OnDevice.failure(kernel, [points, try .scalar("k", 1 as UInt32)])
            #expect(failure?.error == .invalidArgument)
        }
    }
}
