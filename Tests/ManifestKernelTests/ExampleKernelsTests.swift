import SupervisionKit
import SupervisionWire
import Testing
import WorkerKit

@testable import WorkerProcess

/// The examples against plain loops.
@Suite(.serialized, .enabled(if: ManifestBench.hasDevice, "there is no OpenCL device"))
struct ExampleKernelsTests {
    private func random(_ count: Int, seed: UInt64) -> [Float] {
        var random = SplitMix64(state: seed)
        return (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
    }

    @Test(arguments: ["components", "convolve2d", "heat", "reduce", "saxpy"])
    func `every example gives its known answer`(name: String) throws {
        let kernel = try ManifestBench.example(name)
        let answer = try #require(kernel.knownAnswer)
        #expect(answer.mistake(of: kernel) == nil)
    }

    @Test func `saxpy is right for any length`() throws {
        let kernel = try ManifestBench.example("saxpy")
        for count in [0, 1, 63, 64, 65, 1000, 40_000] {
            let x = random(count, seed: 1)
            let y = random(count, seed: 2)
            let outputs = try ManifestBench.run(
                kernel,
                [
                    ManifestBench.scalar("a", Float(2)), ManifestBench.array("x", x),
                    ManifestBench.array("y", y),
                ]
            )
            let result = try #require(outputs["result"])
            #expect(result.shape == [UInt64(count)])
            let expected = zip(x, y).map { 2 * $0 + $1 }
            let got = try result.elements(as: Float.self)
            #expect(got.count == count)
            #expect(zip(got, expected).allSatisfy { abs($0 - $1) <= 1e-6 })
        }
    }

    @Test func `saxpy takes its factor by default`() throws {
        let outputs = try ManifestBench.run(
            ManifestBench.example("saxpy"),
            [ManifestBench.array("x", [Float(1), 2]), ManifestBench.array("y", [Float(3), 4])]
        )
        #expect(try outputs.elements("result", as: Float.self) == [4, 6])
    }

    @Test func `convolve2d is right for any size`() throws {
        let kernel = try ManifestBench.example("convolve2d")
        for (height, width, filterHeight, filterWidth) in [
            (1, 1, 1, 1), (7, 5, 3, 3), (33, 17, 2, 5), (4, 50, 9, 1), (3, 3, 7, 7),
        ] {
            let image = random(height * width, seed: 3)
            let filter = random(filterHeight * filterWidth, seed: 4)
            let outputs = try ManifestBench.run(
                kernel,
                [
                    ManifestBench.array("image", image, shape: [UInt64(height), UInt64(width)]),
                    ManifestBench.array(
                        "filter",
                        filter,
                        shape: [UInt64(filterHeight), UInt64(filterWidth)]
                    ),
                ]
            )
            var expected: [Float] = []
            for y in 0..<height {
                for x in 0..<width {
                    var sum: Float = 0
                    for j in 0..<filterHeight {
                        for i in 0..<filterWidth {
                            let row = min(max(y + filterHeight / 2 - j, 0), height - 1)
                            let column = min(max(x + filterWidth / 2 - i, 0), width - 1)
                            sum += filter[j * filterWidth + i] * image[row * width + column]
                        }
                    }
                    expected.append(sum)
                }
            }
            let result = try #require(outputs["result"])
            #expect(result.shape == [UInt64(height), UInt64(width)])
            let got = try result.elements(as: Float.self)
            #expect(zip(got, expected).allSatisfy { abs($0 - $1) <= 1e-4 })
            #expect(got.count == expected.count)
        }
    }

    @Test func `reduce is right for any length`() throws {
        let kernel = try ManifestBench.example("reduce")
        for count in [1, 2, 255, 256, 257, 70_000, 300_001] {
            let values = random(count, seed: 5)
            let outputs = try ManifestBench.run(
                kernel,
                [ManifestBench.array("values", values)]
            )
            let sum = values.reduce(0.0) { $0 + Double($1) }
            let got = try outputs.scalar("sum", as: Float.self)
            #expect(abs(Double(got) - sum) <= 1e-6 * Double(count).squareRoot() * 10)
            #expect(try outputs.scalar("minimum", as: Float.self) == values.min())
            #expect(try outputs.scalar("maximum", as: Float.self) == values.max())
        }
    }

    @Test func `reduce of nothing is the neutral element`() throws {
        let outputs = try ManifestBench.run(
            ManifestBench.example("reduce"),
            [ManifestBench.array("values", [Float]())]
        )
        #expect(try outputs.scalar("sum", as: Float.self) == 0)
        #expect(try outputs.scalar("minimum", as: Float.self) == .infinity)
        #expect(try outputs.scalar("maximum", as: Float.self) == -.infinity)
    }

    @Test func `components are those of a union-find`() throws {
        let kernel = try ManifestBench.example("components")
        for (nodes, edges) in [
            (1, 0), (2, 1), (10, 5), (1000, 600), (5000, 4000), (300, 299),
        ] {
            var random = SplitMix64(state: UInt64(nodes))
            var pairs = (0..<edges).map { _ in
                (
                    Int.random(in: 0..<nodes, using: &random),
                    Int.random(in: 0..<nodes, using: &random)
                )
            }
            // A path, the slowest graph for labels that go from neighbour to neighbour.
            if edges == nodes - 1, nodes > 2 { pairs = (0..<edges).map { ($0, $0 + 1) } }
            let (offsets, targets) = csr(pairs, nodes: nodes)
            let outputs = try ManifestBench.run(
                kernel,
                [ManifestBench.array("offsets", offsets), ManifestBench.array("targets", targets)]
            )
            #expect(
                try outputs.elements("labels", as: UInt32.self) == smallest(pairs, nodes: nodes)
            )
            #expect(try outputs.scalar("passes", as: UInt32.self) >= 1)
        }
    }

    @Test func `components of a graph without nodes are none`() throws {
        let outputs = try ManifestBench.run(
            ManifestBench.example("components"),
            [
                ManifestBench.array("offsets", [UInt32(0)]),
                ManifestBench.array("targets", [UInt32]()),
            ]
        )
        #expect(outputs["labels"]?.shape == [0])
    }

    @Test(
        arguments: [
            (
                [0, 2, 1, 2], [0, 1],
                "element 2 of argument 'offsets' of graph/components is 1: "
                    + "below the element before it, 2"
            ),
            (
                [1, 2], [0, 0],
                "element 0 of argument 'offsets' of graph/components is 1: the first must be 0"
            ),
            (
                [0, 3], [0, 0],
                "element 1 of argument 'offsets' of graph/components is 3: the last must be 2 (e)"
            ),
            (
                [0, 2], [0, 1],
                "element 1 of argument 'targets' of graph/components is 1: allowed is 0..<1 (n)"
            ),
            (
                [], [],
                "argument 'offsets' of graph/components is empty, its first element must be 0"
            ),
        ] as [([UInt32], [UInt32], String)]
    )
    func `a graph that points outside is refused before the device sees it`(
        offsets: [UInt32],
        targets: [UInt32],
        message: String
    ) throws {
        let failure = try ManifestBench.failure(
            ManifestBench.example("components"),
            [ManifestBench.array("offsets", offsets), ManifestBench.array("targets", targets)]
        )
        #expect(failure == KernelFailure(.invalidArgument, message, execution: .notRun))
    }

    @Test func `heat is what Jacobi's loop gives, pass for pass`() throws {
        let kernel = try ManifestBench.example("heat")
        for (height, width) in [(3, 3), (8, 20), (1, 5), (2, 2)] {
            let plate = random(height * width, seed: 6)
            let outputs = try ManifestBench.run(
                kernel,
                [
                    ManifestBench.array("plate", plate, shape: [UInt64(height), UInt64(width)]),
                    ManifestBench.scalar("max_passes", UInt32(13)),
                    ManifestBench.scalar("tolerance", Float(0)),
                ]
            )
            let passes = try outputs.scalar("passes", as: UInt32.self)
            #expect(passes == (height == 8 ? 13 : 8))
            var now = plate
            for _ in 0..<passes {
                var next = now
                for y in 1..<max(1, height - 1) {
                    for x in 1..<max(1, width - 1) {
                        let i = y * width + x
                        next[i] = 0.25 * (now[i - 1] + now[i + 1] + now[i - width] + now[i + width])
                    }
                }
                now = next
            }
            let got = try outputs.elements("temperature", as: Float.self)
            #expect(zip(got, now).allSatisfy { abs($0 - $1) <= 1e-6 })
        }
    }

    @Test func `heat ends when every point is steady`() throws {
        let plate = [Float](repeating: 0.5, count: 100)
        let outputs = try ManifestBench.run(
            ManifestBench.example("heat"),
            [ManifestBench.array("plate", plate, shape: [10, 10])]
        )
        #expect(try outputs.scalar("passes", as: UInt32.self) == 8)
        #expect(try outputs.elements("temperature", as: Float.self) == plate)
    }

    private func csr(_ pairs: [(Int, Int)], nodes: Int) -> ([UInt32], [UInt32]) {
        var rows = [[UInt32]](repeating: [], count: nodes)
        for (from, to) in pairs { rows[from].append(UInt32(to)) }
        var offsets: [UInt32] = [0]
        for row in rows { offsets.append(offsets.last.map { $0 + UInt32(row.count) } ?? 0) }
        return (offsets, rows.flatMap { $0 })
    }

    private func smallest(_ pairs: [(Int, Int)], nodes: Int) -> [UInt32] {
        var parents = Array(0..<nodes)
        func root(_ node: Int) -> Int {
            var node = node
            while parents[node] != node { node = parents[node] }
            return node
        }
        for (from, to) in pairs {
            let (a, b) = (root(from), root(to))
            parents[max(a, b)] = min(a, b)
        }
        return (0..<nodes).map { UInt32(root($0)) }
    }
}
