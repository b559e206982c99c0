internal import SupervisionWire
internal import WorkerKit

/// `core/vector-add`: the sum of two vectors, element by element.
final class VectorAdd: BuiltinKernel {
    static let declaration = KernelSignature(
        name: "core/vector-add",
        summary: "Adds two vectors element by element.",
        isIdempotent: true,
        arguments: [
            .input("a", .f32, ["n"], "first summands"),
            .input("b", .f32, ["n"], "second summands"),
            .output("sum", .f32, ["n"], "a + b, rounded once"),
        ]
    )

    /// Eight elements an item; the last item takes what is left one by one.
    static let source = """
        __kernel __attribute__((reqd_work_group_size(64, 1, 1)))
        void add(__global const float *a, __global const float *b, __global float *sum, ulong n)
        {
            size_t first = get_global_id(0) * 8;
            if (first + 8 <= n) {
                vstore8(vload8(0, a + first) + vload8(0, b + first), 0, sum + first);
            } else {
                for (size_t i = first; i < n; i++) sum[i] = a[i] + b[i];
            }
        }
        """

    private static let groupSize = 64

    let knownAnswer: KnownAnswer?
    private let device: ComputeDevice
    private let binder: SignatureBinder
    private let add: DeviceFunction

    init(on device: ComputeDevice) throws {
        self.device = device
        binder = try SignatureBinder(VectorAdd.declaration)
        let program = try BuiltProgram(
            source: VectorAdd.source,
            options: "-cl-std=CL1.2",
            label: VectorAdd.declaration.name,
            device: device
        )
        add = try program.function("add")
        // One element more than an item takes at once.
        let ones: [Float] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        knownAnswer = KnownAnswer(
            inputs: [
                try InputTensor(name: "a", shape: [9], elements: ones),
                try InputTensor(name: "b", shape: [9], elements: ones.map { 10 * $0 }),
            ],
            outputs: [.init(name: "sum", shape: [9], elements: ones.map { 11 * $0 })]
        )
        try warmUp(on: device)
        try program.storeWarm(on: device)
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        let sizes = try binder.bind(call)
        let first = try call.elements("a", as: Float.self)
        let second = try call.elements("b", as: Float.self)
        let sum = try OutputTensor.allocate(
            name: "sum",
            type: .f32,
            shape: sizes.shape(of: "sum")
        ) { bytes throws(KernelFailure) in
            try device.serve(call) {
                try compute(
                    UnsafeRawBufferPointer(first),
                    UnsafeRawBufferPointer(second),
                    into: bytes
                )
            }
        }
        return KernelResult(outputs: [sum])
    }

    private func compute(
        _ first: UnsafeRawBufferPointer,
        _ second: UnsafeRawBufferPointer,
        into sums: UnsafeMutableRawBufferPointer
    ) throws(OpenCLError) {
        let count = sums.count / MemoryLayout<Float>.stride
        guard count > 0 else { return }
        let a = try device.input(first)
        let b = try device.input(second)
        let sum = try device.output(over: sums)
        try add.set(.buffer(a), .buffer(b), .buffer(sum), .u64(UInt64(count)))
        let perGroup = 8 * VectorAdd.groupSize
        try add.launch(
            on: device,
            groups: (count + perGroup - 1) / perGroup,
            of: VectorAdd.groupSize
        )
        try device.queue.deliver(sum, into: sums)
    }
}
