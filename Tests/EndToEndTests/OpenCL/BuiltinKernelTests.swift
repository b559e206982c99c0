import Glibc
import KernelClient
import LinuxSystem
import Testing

/// Each built-in kernel through the daemon, against plain Swift that shares nothing with it.
@Suite(.serialized, .showsDaemonLog)
struct BuiltinKernelTests {
    /// Once so small that all travels in the frame, once in shared memory.
    @Test(arguments: [0, 10, 100_003])
    func `core/vector-add adds`(count: Int) throws {
        try withDaemon(.openCL(.builtin("core/vector-add"))) { daemon in
            let (a, b) = (numbers(count, seed: 1), numbers(count, seed: 2))
            let result = try daemon.call("core/vector-add", [Tensor("a", a), Tensor("b", b)])
            #expect(result["sum"]?.f32 == zip(a, b).map { $0 + $1 })
        }
    }

    @Test func `core/matmul multiplies matrices that fill no whole tile`() throws {
        let (m, k, n) = (70, 33, 51)
        let (a, b) = (numbers(m * k, seed: 3), numbers(k * n, seed: 4))
        var product = [Double](repeating: 0, count: m * n)
        for row in 0..<m {
            for column in 0..<n {
                for inner in 0..<k {
                    product[row * n + column] +=
                        Double(a[row * k + inner]) * Double(b[inner * n + column])
                }
            }
        }
        try withDaemon(.openCL(.builtin("core/matmul"))) { daemon in
            let result = try daemon.call(
                "core/matmul",
                [Tensor("a", a, shape: [m, k]), Tensor("b", b, shape: [k, n])]
            )
            #expect(result["product"]?.shape == [m, n])
            #expect(distance(result["product"]?.f32 ?? [], product) < 1e-5)
        }
    }

    @Test func `core/reduce-sum keeps small numbers beside a large one`() throws {
        let x: [Float] = [1e8] + [Float](repeating: 0.01, count: 1_000_000) + [-1e8]
        try withDaemon(.openCL(.builtin("core/reduce-sum"))) { daemon in
            let result = try daemon.call("core/reduce-sum", [Tensor("x", x)])
            let exact = Double(Float(0.01)) * 1_000_000
            #expect(distance(result["sum"]?.f64 ?? [], [exact]) < 1e-3)
        }
    }

    @Test(arguments: [0, 100, 1 << 20])
    func `core/echo gives back what it gets`(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try withDaemon(.openCL(.builtin("core/echo"))) { daemon in
            let result = try daemon.call("core/echo", [.bytes("data", bytes)])
            #expect(result["data"]?.bytes == bytes)
        }
    }

    @Test func `ml/kmeans-cluster finds clusters that are far apart`() throws {
        let centres: [(Float, Float)] = [(0, 0), (20, 0), (0, 20), (20, 20)]
        let count = 4000
        let noise = numbers(2 * count, seed: 5)
        let points = (0..<count).flatMap { i -> [Float] in
            [centres[i % 4].0 + noise[2 * i], centres[i % 4].1 + noise[2 * i + 1]]
        }
        try withDaemon(.openCL(.builtin("ml/kmeans-cluster"))) { daemon in
            let result = try daemon.call(
                "ml/kmeans-cluster",
                [Tensor("points", points, shape: [count, 2]), .scalar("k", UInt32(4))]
            )
            let labels = try #require(result["labels"]?.u32).map(Int.init)
            // A label a centre, whichever; then each point has that of its own centre.
            #expect(Set(labels.prefix(4)) == [0, 1, 2, 3])
            #expect(labels == (0..<count).map { labels[$0 % 4] })

            var means = [Double](repeating: 0, count: 8)
            for (i, label) in labels.enumerated() {
                for j in 0..<2 { means[2 * label + j] += Double(points[2 * i + j]) / 1000 }
            }
            #expect(distance(result["centroids"]?.f32 ?? [], means) < 1e-4)
            let inertia = labels.enumerated().reduce(0.0) { sum, entry in
                (0..<2).reduce(sum) {
                    let gap = Double(points[2 * entry.offset + $1]) - means[2 * entry.element + $1]
                    return $0 + gap * gap
                }
            }
            #expect(distance(result["inertia"]?.f64 ?? [], [inertia]) < 1e-4 * inertia)
        }
    }

    @Test func `risk/monte-carlo-var agrees with the closed form, and with itself`() throws {
        let covariance: [Float] = [0.04, 0.01, 0.01, 0.09]
        let arguments = [
            Tensor("positions", [100, 50] as [Float]), Tensor("mean", [0.05, 0.02] as [Float]),
            Tensor("covariance", covariance, shape: [2, 2]), .scalar("paths", UInt32(400_000)),
            .scalar("confidence", 0.99), .scalar("seed", UInt64(7)),
        ]
        // Variance of 100 x + 50 y; quantile and density of the normal distribution at 99 %.
        let variance: Double = 10_000 * 0.04 + 10_000 * 0.01 + 2500 * 0.09
        let deviation = variance.squareRoot()
        let quantile = 2.3263478740408408
        let density: Double = exp(-quantile * quantile / 2) / (2 * Double.pi).squareRoot()
        try withDaemon(.openCL(.builtin("risk/monte-carlo-var"))) { daemon in
            let first = try daemon.call("risk/monte-carlo-var", arguments)
            let again = try daemon.call("risk/monte-carlo-var", arguments)
            let expected: [Double] = [
                quantile * deviation - 6, 100 * density * deviation - 6, -6,
            ]
            let names = ["var", "expected_shortfall", "mean_loss"]
            #expect(distance(names.compactMap { first[$0]?.f64?.first }, expected) < 0.5)
            for name in names { #expect(first[name]?.bytes == again[name]?.bytes) }
        }
    }
}
