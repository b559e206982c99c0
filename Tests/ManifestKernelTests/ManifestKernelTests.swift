import SupervisionKit
import SupervisionWire
import Testing
import WorkerKit

@testable import WorkerProcess

/// What a manifest can say, on small kernels.
@Suite(.serialized, .enabled(if: ManifestBench.hasDevice, "there is no OpenCL device"))
struct ManifestKernelTests {
    @Test func `derived sizes, typed sizes, numbers and the iteration reach the kernel`() throws {
        let kernel = try ManifestBench.kernel(
            """
            [[input]]
            name = "x"
            type = "u32"
            shape = ["n"]
            [[input]]
            name = "times"
            type = "u8"
            default = 3
            [[output]]
            name = "y"
            type = "f64"
            shape = [8]
            [[output]]
            name = "rounds"
            type = "i64"
            value = "passes * 10 + n"
            [sizes]
            twice = "2 * n"
            [[launch]]
            function = "f"
            arguments = [
                "x", "y", "twice", "u64(n + 1)", "i16(-7)", "f32(0.5)", "f64(2)", "times",
                "iteration",
            ]
            global = [1]
            [repeat]
            count = "times + 1"
            """,
            source: """
                __kernel void f(__global const uint *x, __global double *y, uint twice, ulong next,
                                short minus, float part, double two, uchar times, uint iteration)
                {
                    y[0] = twice; y[1] = next; y[2] = minus; y[3] = part; y[4] = two; y[5] = times;
                    y[6] += 1; y[7] = iteration;
                }
                """
        )
        let outputs = try ManifestBench.run(
            kernel,
            [ManifestBench.array("x", [UInt32(1), 2, 3, 4, 5])]
        )
        #expect(try outputs.elements("y", as: Double.self) == [10, 6, -7, 0.5, 2, 3, 4, 3])
        #expect(try outputs.elements("rounds", as: Int64.self) == [45])
    }

    /// The guard of a running worker: the same device and program, another answer than is known.
    @Test func `a check says which element is wrong`() throws {
        func mistake(expecting second: String) throws -> KnownAnswer.Mistake? {
            let kernel = try ManifestBench.kernel(
                """
                [[input]]
                name = "x"
                type = "f32"
                shape = ["n"]
                [[output]]
                name = "y"
                type = "f32"
                shape = ["n"]
                [[launch]]
                function = "f"
                arguments = ["x", "y"]
                global = ["n"]
                [check]
                inputs = { x = [0.1, 2] }
                outputs = { y = [0.2, \(second)] }
                """,
                source: """
                    __kernel void f(__global const float *x, __global float *y)
                    { size_t i = get_global_id(0); y[i] = 2 * x[i]; }
                    """
            )
            return kernel.knownAnswer?.mistake(of: kernel)
        }
        #expect(try mistake(expecting: "4") == nil)
        #expect(
            try mistake(expecting: "5") == .wrong("element 1 of 'y' is 4.0, expected 5.0")
        )
    }

    @Test func `memory begins as the manifest says`() throws {
        let kernel = try ManifestBench.kernel(
            """
            [[input]]
            name = "x"
            type = "i16"
            shape = ["n"]
            [[output]]
            name = "zeros"
            type = "u8"
            shape = ["n"]
            [[output]]
            name = "ones"
            type = "f64"
            shape = ["n"]
            initial = 1
            [[output]]
            name = "copy"
            type = "i16"
            shape = ["n"]
            copy_of = "x"
            [[buffer]]
            name = "halves"
            type = "f32"
            shape = ["n"]
            initial = 0.5
            [[launch]]
            function = "f"
            arguments = ["x", "zeros", "ones", "copy", "halves"]
            global = ["n"]
            """,
            source: """
                __kernel void f(__global const short *x, __global uchar *zeros,
                                __global double *ones,
                                __global short *copy, __global float *halves)
                {
                    size_t i = get_global_id(0);
                    zeros[i] += 1; ones[i] += halves[i]; copy[i] += 100;
                }
                """
        )
        for count in [0, 1, 50_000] {
            let x = (0..<count).map { Int16(truncatingIfNeeded: $0) }
            let outputs = try ManifestBench.run(kernel, [ManifestBench.array("x", x)])
            let ones = try outputs.elements("ones", as: Double.self)
            #expect(ones == [Double](repeating: 1.5, count: count))
            let zeros = try outputs.elements("zeros", as: UInt8.self)
            #expect(zeros == [UInt8](repeating: 1, count: count))
            #expect(try outputs.elements("copy", as: Int16.self) == x.map { $0 &+ 100 })
        }
    }

    private func counting(_ repetition: String) throws -> ManifestKernel {
        try ManifestBench.kernel(
            """
            [[input]]
            name = "limit"
            type = "u32"
            [[output]]
            name = "count"
            type = "u32"
            [[output]]
            name = "passes"
            type = "u32"
            value = "passes"
            [[buffer]]
            name = "flag"
            type = "u32"
            shape = [1]
            [[launch]]
            function = "f"
            arguments = ["count", "limit", "flag"]
            global = [1]
            [repeat]
            \(repetition)
            """,
            source: """
                __kernel void f(__global uint *count, uint limit, __global uint *flag)
                {
                    *count += 1;
                    if (*count COMPARE limit) *flag = 1;
                }
                """.replacing("COMPARE", with: repetition.hasPrefix("while") ? "<" : ">=")
        )
    }

    @Test(arguments: [
        ("while = \"flag\"\nmax_count = 1000", 7, 7), ("until = \"flag\"\nmax_count = 1000", 7, 7),
        ("until = \"flag\"\nmax_count = 1000\ncheck_every = 5", 7, 10),
        ("until = \"flag\"\nmax_count = 5\nat_limit = \"return\"", 7, 5),
        ("until = \"flag\"\nmax_count = 0\nat_limit = \"return\"", 7, 0),
        ("until = \"flag\"\nmax_count = 1000", 700, 700), ("count = \"limit\"", 600, 600),
        ("count = 0", 1, 0),
    ])
    func `a block repeats until its condition ends it`(
        repetition: String,
        limit: UInt32,
        expected: UInt32
    ) throws {
        let outputs = try ManifestBench.run(
            counting(repetition),
            [ManifestBench.scalar("limit", limit)]
        )
        #expect(try outputs.scalar("count", as: UInt32.self) == expected)
        #expect(try outputs.scalar("passes", as: UInt32.self) == expected)
    }

    @Test func `a flag that never comes is a failure`() throws {
        let failure = try ManifestBench.failure(
            counting("until = \"flag\"\nmax_count = 5"),
            [ManifestBench.scalar("limit", UInt32(9))]
        )
        #expect(
            failure
                == KernelFailure(
                    .kernelFailed,
                    "test/kernel did not end within 5 passes: 'flag' was never set"
                )
        )
    }

    @Test func `a cancelled call ends between launches`() throws {
        let kernel = try counting("count = 1000000")
        let call = try KernelCall(
            kernel: "test/kernel",
            inputs: [ManifestBench.scalar("limit", UInt32(1))]
        )
        call.cancel()
        do throws(KernelFailure) {
            _ = try kernel.run(call)
            Issue.record("it ran to its end")
        } catch {
            #expect(error.error == .cancelled)
        }
    }

    @Test func `outputs that swap with each other are not mixed up`() throws {
        let kernel = try ManifestBench.kernel(
            """
            [[input]]
            name = "times"
            type = "u32"
            [[output]]
            name = "a"
            type = "u32"
            shape = [20000]
            initial = 1
            [[output]]
            name = "b"
            type = "u32"
            shape = [20000]
            initial = 2
            [[launch]]
            function = "f"
            arguments = ["a", "b"]
            global = [20000]
            [repeat]
            count = "times"
            swap = [["a", "b"]]
            """,
            source: """
                __kernel void f(__global uint *a, __global uint *b)
                {
                    size_t i = get_global_id(0);
                    a[i] *= 10; b[i] *= 100;
                }
                """
        )
        for times: UInt32 in 0..<4 {
            let outputs = try ManifestBench.run(kernel, [ManifestBench.scalar("times", times)])
            var (a, b): (UInt32, UInt32) = (1, 2)
            for _ in 0..<times { (a, b) = (b * 100, a * 10) }
            let (allA, allB) = (repeatElement(a, count: 20_000), repeatElement(b, count: 20_000))
            #expect(try outputs.elements("a", as: UInt32.self) == Array(allA))
            #expect(try outputs.elements("b", as: UInt32.self) == Array(allB))
        }
    }

    private static let sized = """
        [[input]]
        name = "x"
        type = "f32"
        shape = ["n"]
        [[input]]
        name = "m"
        type = "i64"
        default = 1
        finite = false
        [[output]]
        name = "y"
        type = "f32"
        shape = ["m - 1"]
        [[local]]
        name = "l"
        type = "f32"
        shape = ["m"]
        [[launch]]
        function = "f"
        arguments = ["x", "y", "l", "m"]
        global = ["n"]
        local = ["m"]
        """
    private static let sizedSource = """
        __kernel void f(__global const float *x, __global float *y, __local float *l, long m) {}
        """

    @Test(
        arguments: [
            (
                0, .invalidArgument,
                "a dimension of 'y' of test/kernel, 'm - 1', would be -1 with these arguments"
            ),
            (
                .min, .invalidArgument,
                "a dimension of 'y' of test/kernel, 'm - 1': "
                    + "-9223372036854775808 - 1 does not fit into 64 bits"
            ),
            (1 << 50, .invalidArgument, "tensor 'y' is larger than 1099511627776 bytes"),
            (
                3, .invalidArgument,
                "launch 'f' of test/kernel: the global size 8 in dimension 0 "
                    + "is no multiple of the local size 3"
            ),
        ] as [(Int64, CallError, String)]
    )
    func `sizes that make no sense are refused with the numbers`(
        m: Int64,
        error: CallError,
        message: String
    ) throws {
        let failure = try ManifestBench.failure(
            ManifestBench.kernel(Self.sized, source: Self.sizedSource),
            [
                ManifestBench.array("x", [Float](repeating: 0, count: 8)),
                ManifestBench.scalar("m", m),
            ]
        )
        #expect(failure == KernelFailure(error, message))
    }

    @Test func `a launch over nothing is skipped`() throws {
        let outputs = try ManifestBench.run(
            ManifestBench.kernel(Self.sized, source: Self.sizedSource),
            [ManifestBench.array("x", [Float]())]
        )
        #expect(outputs["y"]?.shape == [0])
    }

    @Test func `wrong arguments get the binder's words`() throws {
        let kernel = try ManifestBench.example("saxpy")
        let failure = try ManifestBench.failure(
            kernel,
            [ManifestBench.array("x", [Float(1), 2]), ManifestBench.array("y", [Float(1)])]
        )
        #expect(failure?.error == .invalidArgument)
        #expect(failure?.message.contains("n is 2") == true)
    }

    @Test func `not a number is refused where the manifest wants finite numbers`() throws {
        let failure = try ManifestBench.failure(
            ManifestBench.example("reduce"),
            [ManifestBench.array("values", [Float(1), .nan])]
        )
        #expect(
            failure
                == KernelFailure(
                    .invalidArgument,
                    "element 1 of argument 'values' of array/reduce is nan: "
                        + "only finite numbers are allowed"
                )
        )
    }

    @Test func `a function that takes other arguments is found at the start`() throws {
        #expect(
            throws: StartFailure.configuration(
                "function 'f' takes 1 arguments, its launch in the manifest gives 4"
            )
        ) {
            try ManifestBench.kernel(Self.sized, source: "__kernel void f(__global float *x) {}")
        }
    }

    @Test(arguments: [
        (
            "__global const float *x, __global float *y, __local float *l, int m", 3,
            "a value of 8 bytes"
        ),
        (
            "__global const float *x, __global float *y, __global float *l, long m", 2,
            "local memory"
        ),
        ("float x, __global float *y, __local float *l, long m", 0, "a buffer"),
    ])
    func `a parameter of another kind is found at the start`(
        parameters: String,
        position: Int,
        kind: String
    ) throws {
        do {
            _ = try ManifestBench.kernel(Self.sized, source: "__kernel void f(\(parameters)) {}")
            Issue.record("it was taken")
        } catch let error as StartFailure {
            #expect(
                error.message.hasPrefix(
                    "function 'f' does not take \(kind) as argument \(position), "
                        + "which its launch in the manifest gives"
                )
            )
        }
    }

    @Test func `a source that does not compile gives the build log`() throws {
        do {
            _ = try ManifestBench.kernel(Self.sized, source: "__kernel void f(float x) { y = 1; }")
            Issue.record("it compiled")
        } catch let error as OpenCLError {
            #expect(error.isBuildFailure)
            #expect(error.buildLog.contains("undeclared identifier"))
        }
    }

    @Test func `a manifest with errors stops the worker with all of them`() throws {
        do throws(StartFailure) {
            _ = try ManifestLoader.manifest("/nowhere/k.toml")
            Issue.record("it was read")
        } catch {
            #expect(error.exitCode == WorkerExit.configuration)
            #expect(error.message.contains("/nowhere/k.toml: ENOENT"))
        }
    }
}
