import SupervisionKit
import SupervisionWire
import Testing
import WorkerKit

@testable import WorkerProcess

extension OnDevice {
    @Suite struct CoreKernelTests {
        @Test(arguments: [0, 1, 7, 8, 9, 512, 513, 100_003])
        func `adds vectors of any length`(_ count: Int) throws {
            let kernel = try VectorAdd(on: OnDevice.makeDevice())
            let a = (0..<count).map { Float($0) * 0.5 }
            let b = (0..<count).map { 3 - Float($0) }
            let result = try OnDevice.run(kernel, [.vector("a", a), .vector("b", b)])
            let sums = try result.elements("sum", as: Float.self)
            #expect(sums == zip(a, b).map(+))
        }

        @Test func `refuses vectors of two lengths`() throws {
            let kernel = try VectorAdd(on: OnDevice.makeDevice())
            let failure = OnDevice.failure(
                kernel,
                [try .vector("a", [1, 2] as [Float]), try .vector("b", [1] as [Float])]
            )
            #expect(failure?.error == .invalidArgument)
            #expect(
                failure?.message
                    == "argument 'b' has 1 element in dimension 0, but n is 2 (bound by 'a')"
            )
        }

        @Test(arguments: [
            (1, 1, 1), (1, 40, 1), (31, 33, 32), (32, 32, 32), (65, 7, 130), (3, 0, 2), (0, 4, 5),
            (100, 257, 61),
        ])
        func `multiplies matrices of any shape`(_ m: Int, _ k: Int, _ n: Int) throws {
            let kernel = try MatrixMultiply(on: OnDevice.makeDevice())
            // Small whole numbers, so that the product is exact in whatever order it is summed.
            var generator = SplitMix(state: 7)
            let a = (0..<m * k).map { _ in Float(Int.random(in: -9...9, using: &generator)) }
            let b = (0..<k * n).map { _ in Float(Int.random(in: -9...9, using: &generator)) }
            let inputs = [
                try InputTensor.matrix("a", m, k, a), try InputTensor.matrix("b", k, n, b),
            ]
            let result = try OnDevice.run(kernel, inputs)
            var expected = [Float](repeating: 0, count: m * n)
            for row in 0..<m {
                for inner in 0..<k {
                    for column in 0..<n {
                        expected[row * n + column] += a[row * k + inner] * b[inner * n + column]
                    }
                }
            }
            #expect(result["product"]?.shape == [UInt64(m), UInt64(n)])
            #expect(try result.elements("product", as: Float.self) == expected)
        }

        @Test(arguments: [0, 1, 15, 16, 17, 1000, 200_001])
        func `sums a vector as doubles would`(_ count: Int) throws {
            let kernel = try ReduceSum(on: OnDevice.makeDevice())
            var generator = SplitMix(state: 11)
            let x = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
            let sum = try OnDevice.run(kernel, [.vector("x", x)]).scalar("sum", as: Double.self)
            let expected = x.reduce(0.0) { $0 + Double($1) }
            #expect(abs(sum - expected) <= 1e-9 * Double(count))
        }

        /// Ones beside a number that swallows them one by one in single precision.
        @Test func `a large number does not swallow small ones`() throws {
            let kernel = try ReduceSum(on: OnDevice.makeDevice())
            let x = [0x1p30] + [Float](repeating: 1, count: 65_535)
            let sum = try OnDevice.run(kernel, [.vector("x", x)]).scalar("sum", as: Double.self)
            #expect(sum == 0x1p30 + 65_535)
        }

        @Test func `infinity and NaN pass through a sum`() throws {
            let kernel = try ReduceSum(on: OnDevice.makeDevice())
            var x = [Float](repeating: 1, count: 100)
            x[3] = .infinity
            var sum = try OnDevice.run(kernel, [.vector("x", x)]).scalar("sum", as: Double.self)
            #expect(sum == .infinity)
            x[40] = .nan
            sum = try OnDevice.run(kernel, [.vector("x", x)]).scalar("sum", as: Double.self)
            #expect(sum.isNaN)
        }

        @Test func `echo gives back the argument itself`() throws {
            let kernel = try Echo(on: OnDevice.makeDevice())
            let data = try InputTensor(name: "data", type: .bytes, shape: [3], bytes: [1, 2, 3])
            let result = try OnDevice.run(kernel, [data])
            #expect(result["data"]?.type == .bytes)
            #expect(try result.elements("data", as: UInt8.self) == [1, 2, 3])
        }
    }
}
