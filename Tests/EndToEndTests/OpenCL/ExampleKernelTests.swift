import KernelClient
import LinuxSystem
import Testing

/// The examples of `examples/kernels`, copied into `kernels.d` and called.
@Suite(.serialized, .showsDaemonLog)
struct ExampleKernelTests {
    @Test func `linear/saxpy adds a scaled vector, by default unscaled`() throws {
        let (x, y) = (numbers(1000, seed: 1), numbers(1000, seed: 2))
        try withDaemon(.openCL(try .example("saxpy", named: "linear/saxpy"))) { daemon in
            let vectors = [Tensor("x", x), Tensor("y", y)]
            let sum = try daemon.call("linear/saxpy", vectors)
            #expect(sum["result"]?.f32 == zip(x, y).map { $0 + $1 })
            let scaled = try daemon.call("linear/saxpy", vectors + [.scalar("a", Float(2.5))])
            let expected = zip(x, y).map { 2.5 * Double($0) + Double($1) }
            #expect(distance(scaled["result"]?.f32 ?? [], expected) < 1e-6)
        }
    }

    @Test func `image/convolve2d clamps at the border`() throws {
        let (height, width) = (23, 37)
        let image = numbers(height * width, seed: 3)
        let filter: [Float] = [1, 2, 3, 4, 5, 6]
        var expected: [Double] = []
        for y in 0..<height {
            for x in 0..<width {
                var sum = 0.0
                for j in 0..<2 {
                    for i in 0..<3 {
                        let row = min(max(y + 1 - j, 0), height - 1)
                        let column = min(max(x + 1 - i, 0), width - 1)
                        sum += Double(filter[3 * j + i]) * Double(image[row * width + column])
                    }
                }
                expected.append(sum)
            }
        }
        try withDaemon(.openCL(try .example("convolve2d", named: "image/convolve2d"))) { daemon in
            let result = try daemon.call(
                "image/convolve2d",
                [
                    Tensor("image", image, shape: [height, width]),
                    Tensor("filter", filter, shape: [2, 3]),
                ]
            )
            #expect(result["result"]?.shape == [height, width])
            #expect(distance(result["result"]?.f32 ?? [], expected) < 1e-4)
        }
    }

    @Test(arguments: [1, 257, 100_000])
    func `array/reduce finds sum, minimum and maximum`(count: Int) throws {
        let values = numbers(count, seed: 4)
        try withDaemon(.openCL(try .example("reduce", named: "array/reduce"))) { daemon in
            let result = try daemon.call("array/reduce", [Tensor("values", values)])
            #expect(result["minimum"]?.f32?.first == values.min())
            #expect(result["maximum"]?.f32?.first == values.max())
            let sum = values.reduce(0.0) { $0 + Double($1) }
            #expect(distance(result["sum"]?.f32 ?? [], [sum]) < 1e-2)
        }
    }

    @Test func `graph/components labels each node with the smallest of its component`() throws {
        // A path through the even nodes, downwards, and odd nodes that stand alone.
        let count = 501
        var (offsets, targets): ([UInt32], [UInt32]) = ([0], [])
        for node in 0..<count {
            if node.isMultiple(of: 2), node >= 2 { targets.append(UInt32(node - 2)) }
            offsets.append(UInt32(targets.count))
        }
        try withDaemon(.openCL(try .example("components", named: "graph/components"))) { daemon in
            let result = try daemon.call(
                "graph/components",
                [Tensor("offsets", offsets), Tensor("targets", targets)]
            )
            let expected = (0..<count).map { $0.isMultiple(of: 2) ? 0 : UInt32($0) }
            #expect(result["labels"]?.u32 == expected)
            #expect(try #require(result["passes"]?.u32?.first) > 1)
        }
    }

    @Test func `physics/heat ends where every point is the mean of its neighbours`() throws {
        // Linear along x is steady: that is where any start must end.
        let (height, width) = (9, 9)
        var plate = [Float](repeating: 0, count: height * width)
        for y in 0..<height {
            for x in 0..<width where x == 0 || y == 0 || x == width - 1 || y == height - 1 {
                plate[y * width + x] = Float(x)
            }
        }
        try withDaemon(.openCL(try .example("heat", named: "physics/heat"))) { daemon in
            let result = try daemon.call(
                "physics/heat",
                [
                    Tensor("plate", plate, shape: [height, width]),
                    .scalar("tolerance", Float(1e-6)),
                ]
            )
            let expected = (0..<height * width).map { Double($0 % width) }
            #expect(distance(result["temperature"]?.f32 ?? [], expected) < 1e-3)
        }
    }
}
