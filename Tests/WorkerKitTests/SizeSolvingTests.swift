import SupervisionKit
import SupervisionWire
import Testing
import WorkerKit

/// Sizes that stand only in sums: row starts of n rows are `u32[n+1]`.
@Suite struct SizeSolvingTests {
    private func makeBinder(_ shapes: [String]) throws -> SignatureBinder {
        try SignatureBinder(
            KernelSignature(
                name: "test/sizes",
                summary: "",
                isIdempotent: true,
                arguments: shapes.enumerated().map { place, shape in
                    .init(name: "x\(place)", direction: .input, type: .u8, shape: [shape])
                } + [.init(name: "y", direction: .output, type: .u8, shape: ["n"])]
            )
        )
    }

    private func bind(_ shapes: [String], _ counts: [Int]) throws -> [String: Int64] {
        let inputs = try counts.enumerated().map { place, count in
            try InputTensor(
                name: "x\(place)",
                shape: [UInt64(count)],
                elements: [UInt8](repeating: 0, count: count)
            )
        }
        let call = KernelCall(kernel: "test/sizes", inputs: inputs)
        return try makeBinder(shapes).bind(call).values
    }

    @Test(arguments: [("n+1", 5, 4), ("1+n", 1, 0), ("n-2", 3, 5), ("n + 0", 0, 0)])
    func `a sum with a number binds its name`(_ shape: String, _ count: Int, _ n: Int64) throws {
        #expect(try bind([shape], [count]) == ["n": n])
    }

    @Test func `a name that is bound elsewhere is checked and not solved for`() throws {
        #expect(try bind(["n+1", "n"], [5, 4]) == ["n": 4])
        let message =
            "argument 'x0' has 5 elements in dimension 0, "
            + "but n+1 is 4 (n is 3, bound by 'x1')"
        #expect(throws: KernelFailure(.invalidArgument, message)) {
            try bind(["n+1", "n"], [5, 3])
        }
    }

    @Test func `two sums must agree`() throws {
        let message =
            "argument 'x1' has 9 elements in dimension 0, "
            + "but n+2 is 6 (n is 4, bound by 'x0' with n+1 elements)"
        #expect(throws: KernelFailure(.invalidArgument, message)) {
            try bind(["n+1", "n+2"], [5, 9])
        }
    }

    @Test func `fewer elements than the number are refused`() throws {
        let message =
            "argument 'x0' of test/sizes has 0 elements in dimension 0, "
            + "but n+1 is at least 1"
        #expect(throws: KernelFailure(.invalidArgument, message)) { try bind(["n+1"], [0]) }
    }

    @Test(arguments: ["2*n", "n+m", "n/2", "min(n, 4)"])
    func `other expressions do not bind`(_ shape: String) {
        #expect(throws: StartFailure.self) { _ = try makeBinder([shape]) }
    }
}
