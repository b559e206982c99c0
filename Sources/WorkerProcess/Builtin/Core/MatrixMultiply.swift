internal import SupervisionKit
internal import SupervisionWire
internal import WorkerKit

/// `core/matmul`: the product of two matrices, in tiles that fit into local memory.
final class MatrixMultiply: BuiltinKernel {
    static let declaration = KernelSignature(
        name: "core/matmul",
        summary: "Multiplies two row-major matrices.",
        isIdempotent: true,
        arguments: [
            .input("a", .f32, ["m", "k"], "left factor"),
            .input("b", .f32, ["k", "n"], "right factor"),
            .output("product", .f32, ["m", "n"], "a times b; zeros when k is 0"),
        ]
    )

    /// Rows and columns of a tile.
    static let tile = 32

    /// A group makes one tile of the product with `TILE` × `ROWS` items, so that each item makes
    /// `TILE / ROWS` elements of one column and reads each element of `b` once for all of them.
    static let source = """
        #define EACH (TILE / ROWS)
        __kernel __attribute__((reqd_work_group_size(TILE, ROWS, 1)))
        void multiply(__global const float *a, __global const float *b, __global float *product,
                      uint m, uint k, uint n, uint first_row)
        {
            __local float left[TILE][TILE], right[TILE][TILE];
            uint x = get_local_id(0), y = get_local_id(1);
            size_t column = get_group_id(0) * TILE + x;
            size_t row = first_row + get_group_id(1) * TILE + y;
            float sums[EACH];
            for (int i = 0; i < EACH; i++) sums[i] = 0.0f;
            for (uint start = 0; start < k; start += TILE) {
                for (int i = 0; i < EACH; i++) {
                    size_t r = row + i * ROWS, inner = start + y + i * ROWS;
                    left[y + i * ROWS][x] = r < m && start + x < k ? a[r * k + start + x] : 0.0f;
                    right[y + i * ROWS][x] = inner < k && column < n ? b[inner * n + column] : 0.0f;
                }
                barrier(CLK_LOCAL_MEM_FENCE);
                for (int j = 0; j < TILE; j++) {
                    float factor = right[j][x];
                    for (int i = 0; i < EACH; i++) sums[i] += left[y + i * ROWS][j] * factor;
                }
                barrier(CLK_LOCAL_MEM_FENCE);
            }
            for (int i = 0; i < EACH; i++) {
                size_t r = row + i * ROWS;
                if (r < m && column < n) product[r * n + column] = sums[i];
            }
        }
        """

    let knownAnswer: KnownAnswer?
    private let device: ComputeDevice
    private let binder: SignatureBinder
    private let rowsOfItems: Int
    private let multiply: DeviceFunction

    init(on device: ComputeDevice) throws {
        self.device = device
        binder = try SignatureBinder(MatrixMultiply.declaration)
        let tile = MatrixMultiply.tile
        rowsOfItems = [8, 4, 2].first { $0 * tile <= device.info.maxGroupSize } ?? 1
        let program = try BuiltProgram(
            source: MatrixMultiply.source,
            options: "-cl-std=CL1.2 -DTILE=\(tile) -DROWS=\(rowsOfItems)",
            label: MatrixMultiply.declaration.name,
            device: device
        )
        multiply = try program.function("multiply")
        let left: [Float] = [1, 2, 3, 4, 5, 6]
        let right: [Float] = [7, 8, 9, 10, 11, 12]
        knownAnswer = KnownAnswer(
            inputs: [
                try InputTensor(name: "a", shape: [2, 3], elements: left),
                try InputTensor(name: "b", shape: [3, 2], elements: right),
            ],
            outputs: [
                .init(name: "product", shape: [2, 2], elements: [58, 64, 139, 154] as [Float])
            ]
        )
        try warmUp(on: device)
        try program.storeWarm(on: device)
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        let sizes = try binder.bind(call)
        let left = try call.elements("a", as: Float.self)
        let right = try call.elements("b", as: Float.self)
        let shape = (m: call.size("a", 0), k: call.size("a", 1), n: call.size("b", 1))
        guard max(shape.m, shape.k, shape.n) < 1 << 31 else {
            throw KernelFailure(.invalidArgument, "a dimension of 'a' or 'b' is 2^31 or more")
        }
        let product = try OutputTensor.allocate(
            name: "product",
            type: .f32,
            shape: sizes.shape(of: "product")
        ) { bytes throws(KernelFailure) in
            guard !bytes.isEmpty else { return }
            try device.serve(call) {
                try compute(
                    UnsafeRawBufferPointer(left),
                    UnsafeRawBufferPointer(right),
                    into: bytes,
                    shape: shape,
                    call: call
                )
            }
        }
        return KernelResult(outputs: [product])
    }

    /// One launch a band of rows: a launch cannot be stopped, so none takes much over a second.
    private func compute(
        _ left: UnsafeRawBufferPointer,
        _ right: UnsafeRawBufferPointer,
        into bytes: UnsafeMutableRawBufferPointer,
        shape: (m: Int, k: Int, n: Int),
        call: KernelCall
    ) throws {
        let tile = MatrixMultiply.tile
        let a = try device.input(left)
        let b = try device.input(right)
        let product = try device.output(over: bytes)
        let columns = (shape.n + tile - 1) / tile * tile
        let bandRows = bandRows(shape)
        try multiply.set(
            .buffer(a),
            .buffer(b),
            .buffer(product),
            .u32(UInt32(shape.m)),
            .u32(UInt32(shape.k)),
            .u32(UInt32(shape.n))
        )
        for first in stride(from: 0, to: shape.m, by: bandRows) {
            try call.checkCancellation()
            let rows = min(bandRows, shape.m - first)
            let groups = (rows + tile - 1) / tile
            try multiply.set(6, .u32(UInt32(first)))
            try multiply.launch(
                on: device,
                global: [columns, groups * rowsOfItems],
                local: [tile, rowsOfItems]
            )
            try device.queue.finish()
            call.advance(UInt64(rows))
        }
        try device.queue.deliver(product, into: bytes)
    }

    private func bandRows(_ shape: (m: Int, k: Int, n: Int)) -> Int {
        let operations = device.info.prefersLongItems ? 0x1p30 : 0x1p36
        let perRow = max(1, 2 * Double(shape.k) * Double(shape.n))
        let tiles = Int(min(operations / perRow / Double(MatrixMultiply.tile), 0x1p20))
        return max(1, tiles) * MatrixMultiply.tile
    }
}
