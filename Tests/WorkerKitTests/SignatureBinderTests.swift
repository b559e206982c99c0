import SupervisionKit
import SupervisionWire
import Testing

@testable import WorkerKit

/// The signature that most of these tests call.
private let pagerank = KernelSignature(
    name: "graph/pagerank",
    summary: "Ranks.",
    isIdempotent: true,
    arguments: [
        .init(name: "offsets", direction: .input, type: .u32, shape: ["n+1"]),
        .init(name: "targets", direction: .input, type: .u32, shape: ["e"]),
        .init(name: "start", direction: .input, type: .f32, shape: ["n"]),
        .init(
            name: "damping",
            direction: .input,
            type: .f32,
            shape: [],
            defaultValue: "0.85",
            range: "0..<1"
        ),
        .init(
            name: "rounds",
            direction: .input,
            type: .u32,
            shape: [],
            defaultValue: "100",
            range: "1..."
        ),
        .init(name: "ranks", direction: .output, type: .f32, shape: ["n"]),
        .init(name: "history", direction: .output, type: .f32, shape: ["rounds", "n - 3"]),
    ]
)

/// Good arguments for four nodes and three edges, with some replaced or added.
private func makeCall(
    without missing: String = "",
    _ changes: InputTensor...
) throws -> KernelCall {
    var inputs = [
        try InputTensor(name: "offsets", shape: [5], elements: [UInt32](repeating: 0, count: 5)),
        try InputTensor(name: "targets", shape: [3], elements: [UInt32](repeating: 0, count: 3)),
        try InputTensor(name: "start", shape: [4], elements: [Float](repeating: 0, count: 4)),
    ].filter { $0.name != missing }
    for change in changes {
        inputs.removeAll { $0.name == change.name }
        inputs.append(change)
    }
    return KernelCall(kernel: "graph/pagerank", inputs: inputs)
}

private func zeros(_ name: String, _ type: ElementType, _ shape: [UInt64]) throws -> InputTensor {
    let count = try TensorEntry.byteCount(of: type, shape: shape, name: name)
    return try InputTensor(
        name: name,
        type: type,
        shape: shape,
        bytes: [UInt8](repeating: 0, count: Int(count))
    )
}

/// What binding the call complains about; nil when it is good.
private func complaint(
    _ call: KernelCall,
    of signature: KernelSignature = pagerank
) throws -> String? {
    let binder = try SignatureBinder(signature)
    do throws(KernelFailure) {
        _ = try binder.bind(call)
        return nil
    } catch {
        #expect(error.error == .invalidArgument && error.execution == .notRun)
        return error.message
    }
}

@Suite struct `Binding a call to a signature` {
    @Test func `finds the sizes and fills in the defaults`() throws {
        let call = try makeCall()
        let sizes = try SignatureBinder(pagerank).bind(call)
        #expect(sizes["n"] == 4 && sizes["e"] == 3 && sizes["rounds"] == 100 && sizes["x"] == nil)
        #expect(call.input("damping")?.scalar(as: Float.self) == 0.85)
        #expect(call.input("rounds")?.scalar(as: UInt32.self) == 100)
    }

    @Test func `evaluates the shapes of the outputs`() throws {
        let call = try makeCall(try InputTensor(name: "rounds", shape: [], elements: [UInt32(7)]))
        let sizes = try SignatureBinder(pagerank).bind(call)
        #expect(try sizes.shape(of: "ranks") == [4])
        #expect(try sizes.shape(of: "history") == [7, 1])
        #expect(throws: KernelFailure(.kernelFailed, "graph/pagerank declares no output 'rank'")) {
            try sizes.shape(of: "rank")
        }
    }

    @Test func `refuses arguments that make an output smaller than nothing`() throws {
        let call = try makeCall(try zeros("offsets", .u32, [2]), try zeros("start", .f32, [1]))
        let sizes = try SignatureBinder(pagerank).bind(call)
        #expect(
            throws: KernelFailure(
                .invalidArgument,
                "output 'history' of graph/pagerank would have -2 elements in dimension 1, "
                    + "but n - 3 is -2 (n is 1, bound by 'start')"
            )
        ) { try sizes.shape(of: "history") }
    }

    @Test func `names a missing argument and what it wants`() throws {
        #expect(
            try complaint(makeCall(without: "offsets"))
                == "argument 'offsets' of graph/pagerank is missing, it wants u32[n+1]"
        )
    }

    @Test func `names an unknown argument and the nearest one`() throws {
        #expect(
            try complaint(makeCall(zeros("dampning", .f32, [])))
                == "unknown argument 'dampning' (did you mean 'damping'?)"
        )
        #expect(
            try complaint(makeCall(zeros("temperature", .f32, [])))
                == "unknown argument 'temperature'"
        )
    }

    @Test func `refuses an output as an argument`() throws {
        #expect(
            try complaint(makeCall(zeros("ranks", .f32, [4])))
                == "'ranks' is an output of graph/pagerank, it cannot be given"
        )
    }

    @Test(arguments: [
        (ElementType.f32, [10], "f32[10]"), (.u32, [5, 2], "u32[5, 2]"), (.u32, [], "u32"),
        (.i32, [3], "i32[3]"),
    ])
    func `compares type and rank`(type: ElementType, shape: [UInt64], form: String) throws {
        #expect(
            try complaint(makeCall(zeros("targets", type, shape)))
                == "argument 'targets' of graph/pagerank wants u32[e], got \(form)"
        )
    }

    @Test func `refuses a scalar with dimensions`() throws {
        #expect(
            try complaint(makeCall(zeros("damping", .f32, [1])))
                == "argument 'damping' of graph/pagerank wants f32, got f32[1]"
        )
    }

    @Test func `refuses a second value for a size`() throws {
        let signature = KernelSignature(
            name: "core/dot",
            summary: "",
            isIdempotent: true,
            arguments: [
                .init(name: "x", direction: .input, type: .f32, shape: ["n"]),
                .init(name: "y", direction: .input, type: .f32, shape: ["n"]),
            ]
        )
        let call = KernelCall(
            kernel: "core/dot",
            inputs: [try zeros("x", .f32, [4]), try zeros("y", .f32, [5])]
        )
        #expect(
            try complaint(call, of: signature)
                == "argument 'y' has 5 elements in dimension 0, but n is 4 (bound by 'x')"
        )
    }

    @Test func `refuses one argument with two values for a size`() throws {
        let signature = KernelSignature(
            name: "a/b",
            summary: "",
            isIdempotent: true,
            arguments: [.init(name: "square", direction: .input, type: .u8, shape: ["n", "n"])]
        )
        let call = KernelCall(kernel: "a/b", inputs: [try zeros("square", .u8, [3, 2])])
        #expect(
            try complaint(call, of: signature)
                == "argument 'square' has 2 elements in dimension 1, but n is 3 (bound by 'square')"
        )
    }

    @Test func `checks an expression after all names are bound`() throws {
        #expect(
            try complaint(makeCall(zeros("offsets", .u32, [7])))
                == "argument 'offsets' has 7 elements in dimension 0, but n+1 is 5 "
                + "(n is 4, bound by 'start')"
        )
    }

    @Test func `solves a sum for a name that nothing else binds`() throws {
        let signature = KernelSignature(
            name: "a/b",
            summary: "",
            isIdempotent: true,
            arguments: [
                .init(name: "offsets", direction: .input, type: .u8, shape: ["n+1"]),
                .init(name: "ends", direction: .input, type: .u8, shape: ["n+2"]),
            ]
        )
        func call(_ offsets: UInt64, _ ends: UInt64) throws -> KernelCall {
            KernelCall(
                kernel: "a/b",
                inputs: [try zeros("offsets", .u8, [offsets]), try zeros("ends", .u8, [ends])]
            )
        }
        #expect(try SignatureBinder(signature).bind(call(1, 2))["n"] == 0)
        #expect(
            try complaint(call(5, 5), of: signature)
                == "argument 'ends' has 5 elements in dimension 0, but n+2 is 6 "
                + "(n is 4, bound by 'offsets' with n+1 elements)"
        )
        #expect(
            try complaint(call(0, 2), of: signature)
                == "argument 'offsets' of a/b has 0 elements in dimension 0, "
                + "but n+1 is at least 1"
        )
    }

    @Test func `compares a size with the scalar of that name`() throws {
        let signature = KernelSignature(
            name: "ml/nearest",
            summary: "",
            isIdempotent: true,
            arguments: [
                .init(name: "centres", direction: .input, type: .f32, shape: ["k", "2"]),
                .init(name: "k", direction: .input, type: .i64, shape: []),
            ]
        )
        let k = try InputTensor(name: "k", shape: [], elements: [Int64(3)])
        func call(_ shape: [UInt64]) throws -> KernelCall {
            KernelCall(kernel: "ml/nearest", inputs: [try zeros("centres", .f32, shape), k])
        }
        #expect(try complaint(call([3, 2]), of: signature) == nil)
        #expect(
            try complaint(call([1, 2]), of: signature)
                == "argument 'centres' has 1 element in dimension 0, but k is 3 (the value of 'k')"
        )
        #expect(
            try complaint(call([3, 4]), of: signature)
                == "argument 'centres' has 4 elements in dimension 1, but 2 is wanted"
        )
    }

    @Test func `refuses an expression that overflows`() throws {
        let signature = KernelSignature(
            name: "a/b",
            summary: "",
            isIdempotent: true,
            arguments: [
                .init(name: "x", direction: .input, type: .u8, shape: ["n", "m"]),
                .init(name: "y", direction: .input, type: .u8, shape: ["n * n * n"]),
            ]
        )
        let call = KernelCall(
            kernel: "a/b",
            inputs: [try zeros("x", .u8, [1 << 40, 0]), try zeros("y", .u8, [4])]
        )
        #expect(
            try complaint(call, of: signature)
                == "size 'n * n * n' of 'y' of a/b: 1099511627776 * 1099511627776 "
                + "does not fit into 64 bits"
        )
    }

    @Test(arguments: [
        (Float(1.5), "1.5"), (1, "1.0"), (-0.1, "-0.1"), (.nan, "nan"), (.infinity, "inf"),
    ])
    func `refuses a value outside the range`(value: Float, text: String) throws {
        let damping = try InputTensor(name: "damping", shape: [], elements: [value])
        #expect(
            try complaint(makeCall(damping)) == "argument 'damping' is \(text), allowed is 0..<1"
        )
    }

    @Test(arguments: [Float(0), 0.85, 0.999])
    func `takes a value inside the range`(value: Float) throws {
        let damping = try InputTensor(name: "damping", shape: [], elements: [value])
        #expect(try complaint(makeCall(damping)) == nil)
    }
}

@Suite struct `A signature` {
    private func complaint(
        _ arguments: KernelSignature.Argument...
    ) -> StartFailure? {
        do throws(StartFailure) {
            _ = try SignatureBinder(
                KernelSignature(name: "a/b", summary: "", isIdempotent: true, arguments: arguments)
            )
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        (["n+"], nil, "", "size 'n+', column 3: expected a number or a name, found the end"),
        ([], "0.x", "", "the default '0.x' is no f32"),
        ([], "2", "0...1", "the default 2 is outside 0...1"),
        ([], nil, "0-1", "'0-1' is no range; write 0..<1, 0...1, 1... or ...5"),
    ])
    func `that cannot be read ends the start for good`(
        shape: [String],
        defaultValue: String?,
        range: String,
        message: String
    ) {
        let argument = KernelSignature.Argument(
            name: "x",
            direction: .input,
            type: .f32,
            shape: shape,
            defaultValue: defaultValue,
            range: range
        )
        #expect(complaint(argument) == .configuration("argument 'x' of a/b: \(message)"))
    }

    @Test func `gives ranges and defaults to scalars only`() {
        var argument = KernelSignature.Argument(
            name: "x",
            direction: .input,
            type: .f32,
            shape: ["n"],
            defaultValue: "1"
        )
        #expect(
            complaint(argument)
                == .configuration(
                    "argument 'x' of a/b has a default, which only a scalar can have"
                )
        )
        argument.defaultValue = nil
        argument.range = "0..."
        #expect(
            complaint(argument)
                == .configuration("argument 'x' of a/b has a range, which only a scalar can have")
        )
    }

    @Test func `names no argument twice and no size that nothing binds`() {
        let x = KernelSignature.Argument(name: "x", direction: .input, type: .u8, shape: ["n"])
        #expect(complaint(x, x) == .configuration("argument 'x' of a/b is declared twice"))
        let y = KernelSignature.Argument(name: "y", direction: .input, type: .u8, shape: ["m/2"])
        #expect(
            complaint(x, y)
                == .configuration("shape 'm/2' of argument 'y' of a/b: no input binds 'm'")
        )
    }

    @Test func `may use one name for an input and an output`() {
        let input = KernelSignature.Argument(name: "x", direction: .input, type: .u8, shape: ["n"])
        var output = input
        output.direction = .output
        #expect(complaint(input, output) == nil)
    }
}
