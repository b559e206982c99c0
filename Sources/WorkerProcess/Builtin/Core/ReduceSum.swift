internal import SupervisionWire
internal import WorkerKit

/// `core/reduce-sum`: the sum of a vector, as exact as if summed in twice the precision.
///
/// Every addition on the device keeps its rounding error beside its result (Knuth, "The Art of
/// Computer Programming", volume 2, section 4.2.2, theorem B), so that a million small numbers are
/// not lost beside a large one and no device needs doubles. The order is fixed: the same input
/// gives the same sum each time. The partial sums are added here, in double.
final class ReduceSum: BuiltinKernel {
    static let declaration = KernelSignature(
        name: "core/reduce-sum",
        summary: "Sums a vector of f32 to an f64, with the rounding errors carried along.",
        isIdempotent: true,
        arguments: [
            .input("x", .f32, ["n"], "what is summed"),
            .output("sum", .f64, [], "the sum; 0 for an empty vector"),
        ]
    )

    /// Elements that an item takes at once.
    private static let block = 16

    /// Items take whole blocks: a run of neighbours on a CPU, every so many-th one elsewhere.
    static let source = """
        #pragma OPENCL FP_CONTRACT OFF
        __kernel void add_up(__global const float *x, ulong blocks, __global float2 *parts)
        {
            size_t id = get_global_id(0), items = get_global_size(0);
            float16 sum = 0.0f, error = 0.0f;
        #if GROUP == 1
            size_t share = (blocks + items - 1) / items;
            size_t first = min((ulong)(id * share), blocks);
            size_t last = min((ulong)(first + share), blocks), step = 1;
        #else
            size_t first = id, last = blocks, step = items;
        #endif
            for (size_t i = first; i < last; i += step) {
                float16 next = vload16(i, x);
                float16 total = sum + next;
                float16 part = total - sum;
                error += (sum - (total - part)) + (next - part);
                sum = total;
            }
            float lanes[16], errors[16];
            vstore16(sum, 0, lanes);
            vstore16(error, 0, errors);
            float2 result = (float2)(0.0f, 0.0f);
            for (int lane = 0; lane < 16; lane++) {
                float next = lanes[lane], total = result.x + next, part = total - result.x;
                result.y += (result.x - (total - part)) + (next - part) + errors[lane];
                result.x = total;
            }
            parts[id] = result;
        }
        """

    let knownAnswer: KnownAnswer?
    private let device: ComputeDevice
    private let binder: SignatureBinder
    private let groupSize: Int
    private let addUp: DeviceFunction

    init(on device: ComputeDevice) throws {
        self.device = device
        binder = try SignatureBinder(ReduceSum.declaration)
        groupSize = device.groupSize(preferring: 64)
        let program = try BuiltProgram(
            source: ReduceSum.source,
            options: "-cl-std=CL1.2 -DGROUP=\(groupSize)",
            label: ReduceSum.declaration.name,
            device: device
        )
        addUp = try program.function("add_up")
        // Summed plainly, the ones would be lost beside 2^24.
        let ones = [Float](repeating: 1, count: 14)
        knownAnswer = KnownAnswer(
            inputs: [
                try InputTensor(name: "x", shape: [17], elements: [0x1p24] + ones + [-0x1p24, 0.5])
            ],
            outputs: [.init(name: "sum", shape: [], elements: [14.5])]
        )
        try warmUp(on: device)
        try program.storeWarm(on: device)
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        _ = try binder.bind(call)
        let elements = try call.elements("x", as: Float.self)
        let total = try device.serve(call) { try sum(elements) }
        return KernelResult(outputs: [OutputTensor(name: "sum", scalar: total)])
    }

    private func sum(_ elements: UnsafeBufferPointer<Float>) throws(OpenCLError) -> Double {
        let blocks = elements.count / ReduceSum.block
        var total = Total()
        for element in elements[(blocks * ReduceSum.block)...] { total.add(element, error: 0) }
        guard blocks > 0 else { return total.value }
        let wanted = (blocks + groupSize - 1) / groupSize
        let groups = min(wanted, device.groupCount(forGroupSize: groupSize))
        let x = try device.input(UnsafeRawBufferPointer(elements))
        var parts = [SIMD2<Float>](repeating: .zero, count: groups * groupSize)
        let buffer = try device.scratch(SIMD2<Float>.self, count: parts.count)
        try addUp.set(.buffer(x), .u64(UInt64(blocks)), .buffer(buffer))
        try addUp.launch(on: device, groups: groups, of: groupSize)
        try device.read(buffer, into: &parts)
        for part in parts { total.add(part.x, error: part.y) }
        return total.value
    }

    /// A sum with its errors beside it, which count only while the sum is finite: the error of an
    /// addition to infinity is not a number.
    private struct Total {
        private var sum = 0.0
        private var error = 0.0

        var value: Double { sum.isFinite ? sum + error : sum }

        mutating func add(_ part: Float, error rounding: Float) {
            sum += Double(part)
            error += Double(rounding)
        }
    }
}
