import SupervisionKit
import SupervisionWire
import Testing

/// The one frame with records of their own, written here by hand, so that the reader is measured
/// against the page and not against the writer.
struct ReadyTests {
    @Test func `records written by hand read as kernels`() throws {
        let argument = rawArgument("x", sizes: ["n", "2*n+1"])
        let output = rawArgument("x", direction: 1, type: 12)
        let bytes = rawReady([rawKernel("a/b", arguments: [argument, output])])
        let expected = WorkerFrame.Ready(
            device: "dev",
            kernels: [
                KernelSignature(
                    name: "a/b",
                    summary: "s",
                    isIdempotent: true,
                    arguments: [
                        .init(name: "x", direction: .input, type: .f64, shape: ["n", "2*n+1"]),
                        .init(name: "x", direction: .output, type: .bytes, shape: []),
                    ],
                    problem: "p"
                )
            ]
        )
        #expect(try AnyFrame(decoding: bytes) == .worker(.ready(expected)))
    }

    @Test(arguments: [
        (rawReady([], count: 257), WireError.Kind.tooLarge),
        (rawReady([], count: 1), .truncated),
        (rawReady([rawKernel("")]), .badValue),
        (rawReady([rawKernel(String(repeating: "k", count: 129))]), .tooLarge),
        (rawReady([rawKernel("a"), rawKernel("a")]), .badValue),
        (rawReady([rawKernel("a\0")]), .badText),
        (rawReady([rawKernel("a", arguments: [], count: 1)]), .truncated),
        (rawReady([rawKernel("a", arguments: manyArguments(129))]), .tooLarge),
        (rawReady([rawKernel("a", arguments: [rawArgument("")])]), .badValue),
        (
            rawReady([rawKernel("a", arguments: [rawArgument(String(repeating: "x", count: 41))])]),
            .tooLarge
        ),
        (
            rawReady([rawKernel("a", arguments: [rawArgument("x"), rawArgument("x")])]),
            .badValue
        ),
        (rawReady([rawKernel("a", arguments: [rawArgument("x", direction: 2)])]), .badValue),
        (rawReady([rawKernel("a", arguments: [rawArgument("x", type: 0)])]), .badValue),
        (
            rawReady([
                rawKernel(
                    "a",
                    arguments: [rawArgument("x", sizes: Array(repeating: "n", count: 9))]
                )
            ]),
            .badValue
        ),
        (rawReady([rawKernel("a", arguments: [rawArgument("x", sizes: [""])])]), .badValue),
        (
            rawReady([
                rawKernel(
                    "a",
                    arguments: [rawArgument("x", sizes: [String(repeating: "n", count: 257)])]
                )
            ]),
            .tooLarge
        ),
        (
            rawReady([
                rawKernel(
                    "a",
                    arguments: [
                        rawArgument("x", documentation: String(repeating: "d", count: 8193))
                    ]
                )
            ]),
            .tooLarge
        ),
    ])
    func `a wrong record is refused`(bytes: [UInt8], kind: WireError.Kind) {
        #expect(wireError(reading: bytes)?.kind == kind)
    }

    @Test func `as many kernels and arguments as are allowed are read and written`() throws {
        let kernels = (0..<Limits.maxKernelsPerWorker).map { makeKernel("k\($0)") }
        let wide = makeKernel(
            "wide",
            arguments: (0..<Limits.maxArguments).map { makeArgument("a\($0)") }
        )
        for ready in [
            WorkerFrame.Ready(device: "", kernels: kernels),
            WorkerFrame.Ready(device: "", kernels: [wide]),
        ] {
            let bytes = try WorkerFrame.ready(ready).encoded()
            #expect(try AnyFrame(decoding: bytes) == .worker(.ready(ready)))
        }
    }

    @Test func `many build logs are cut so that the worker can be ready all the same`() throws {
        let log = String(repeating: "error\n", count: 1200)
        let kernels = (0..<40).map { makeKernel("k\($0)", problem: log) }
        let bytes = try WorkerFrame.ready(.init(device: "dev", kernels: kernels)).encoded()
        let cut = kernels.map { kernel in
            makeKernel(kernel.name, problem: String(log.prefix(2048)))
        }
        #expect(
            try AnyFrame(decoding: bytes) == .worker(.ready(.init(device: "dev", kernels: cut)))
        )
    }

    @Test(arguments: [
        ([makeKernel("a"), makeKernel("a")], WireError.Kind.badValue),
        ([makeKernel("")], .badValue),
        ([makeKernel("a\0b")], .badValue),
        ([makeKernel(String(repeating: "k", count: 129))], .badValue),
        ((0..<257).map { makeKernel("k\($0)") }, .tooLarge),
        ([makeKernel("a", arguments: (0..<300).map { makeArgument("a\($0)") })], .tooLarge),
        ([makeKernel("a", arguments: [makeArgument("x"), makeArgument("x")])], .badValue),
        (
            [makeKernel("a", arguments: [makeArgument(String(repeating: "x", count: 41))])],
            .badValue
        ),
        (
            [
                makeKernel(
                    "a",
                    arguments: [makeArgument("x", shape: Array(repeating: "n", count: 9))]
                )
            ],
            .badValue
        ),
        (
            [
                makeKernel(
                    "a",
                    arguments: [makeArgument("x", shape: Array(repeating: "n", count: 300))]
                )
            ],
            .badValue
        ),
        (
            (0..<30).map { kernel in
                makeKernel(
                    "k\(kernel)",
                    arguments: (0..<128).map { argument in
                        makeArgument(
                            "argument \(argument)",
                            shape: [String(repeating: "n", count: 40)]
                        )
                    }
                )
            },
            .tooLarge
        ),
    ])
    func `what the reader would refuse is not written`(
        kernels: [KernelSignature],
        kind: WireError.Kind
    ) {
        let frame = WorkerFrame.ready(.init(device: "dev", kernels: kernels))
        #expect(wireError(writing: frame.encoded)?.kind == kind)
    }
}

private func makeKernel(
    _ name: String,
    problem: String = "",
    arguments: [KernelSignature.Argument] = []
) -> KernelSignature {
    KernelSignature(
        name: name,
        summary: "",
        isIdempotent: false,
        arguments: arguments,
        problem: problem
    )
}

private func makeArgument(
    _ name: String,
    shape: [String] = []
) -> KernelSignature.Argument {
    KernelSignature.Argument(name: name, direction: .input, type: .u8, shape: shape)
}

private func rawText(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    return [UInt8(bytes.count & 255), UInt8(bytes.count >> 8)] + bytes
}

private func rawArgument(
    _ name: String,
    direction: UInt8 = 0,
    type: UInt8 = 11,
    sizes: [String] = [],
    documentation: String = ""
) -> [UInt8] {
    rawText(name) + [direction, type, 0, UInt8(sizes.count)] + sizes.flatMap(rawText)
        + rawText("") + rawText("") + rawText(documentation)
}

private func manyArguments(_ count: Int) -> [[UInt8]] {
    (0..<count).map { rawArgument("a\($0)") }
}

private func rawKernel(
    _ name: String,
    arguments: [[UInt8]] = [],
    count: Int? = nil
) -> [UInt8] {
    rawText(name) + rawText("s") + rawText("p") + [1, UInt8(count ?? arguments.count)]
        + arguments.flatMap { $0 }
}

private func rawReady(_ kernels: [[UInt8]], count: Int? = nil) -> [UInt8] {
    let number = count ?? kernels.count
    var header: [UInt8] = Array("KSUP".utf8) + [1, 0, 18, 0]
    header += [UInt8](repeating: 0, count: 24) + [UInt8(number & 255), UInt8(number >> 8)]
    header += [UInt8](repeating: 0, count: 96 - header.count)
    return (header + rawText("dev") + kernels.flatMap { $0 }).withTrueLength
}
