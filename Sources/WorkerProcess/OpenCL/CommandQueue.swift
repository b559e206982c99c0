internal import COpenCL

/// Owns an in-order command queue with profiling, and adds up the time its commands take.
///
/// The events of the commands are kept until the next wait, at most `maxPending` of them, and
/// read then: asking for a time in between would make every launch a round trip.
struct CommandQueue: ~Copyable {
    let handle: cl_command_queue
    private var pending: [cl_event] = []
    /// Nanoseconds that ended commands have spent on the device since the last `takeDeviceTime`.
    private var elapsed: UInt64 = 0

    private static let maxPending = 512

    init(context: borrowing Context, device: OpenCLDevice) throws(OpenCLError) {
        var code: Int32 = 0
        let profiling = cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE)
        guard let handle = clCreateCommandQueue(context.handle, device.id, profiling, &code) else {
            throw OpenCLError("clCreateCommandQueue", code: code, subject: device.name)
        }
        self.handle = handle
    }

    deinit {
        for event in pending { clReleaseEvent(event) }
        clReleaseCommandQueue(handle)
    }

    /// Puts one launch into the queue and returns before it runs.
    ///
    /// - Parameters:
    ///   - kernel: with all its arguments set; they may be set anew when this returns.
    ///   - global: work-items per dimension, 1 to 3 dimensions. A launch with a zero in it is
    ///     skipped, since OpenCL 1.2 refuses it.
    ///   - local: work-group size per dimension, dividing `global`; nil leaves it to the driver.
    /// - Throws: What the driver says to the arguments and sizes; what a launch does wrong while it
    ///   runs shows at the next wait.
    mutating func launch(
        _ kernel: borrowing ComputeKernel,
        global: [Int],
        local: [Int]? = nil
    ) throws(OpenCLError) {
        guard !global.contains(0) else { return }
        guard (1...3).contains(global.count), local.map({ $0.count == global.count }) ?? true else {
            throw OpenCLError(
                "clEnqueueNDRangeKernel",
                code: CL_INVALID_WORK_DIMENSION,
                subject: kernel.name
            )
        }
        var event: cl_event?
        let dimensions = cl_uint(global.count)
        let code: Int32
        if let local {
            code = clEnqueueNDRangeKernel(
                handle,
                kernel.handle,
                dimensions,
                nil,
                global,
                local,
                0,
                nil,
                &event
            )
        } else {
            code = clEnqueueNDRangeKernel(
                handle,
                kernel.handle,
                dimensions,
                nil,
                global,
                nil,
                0,
                nil,
                &event
            )
        }
        try OpenCLError.check(
            code,
            "clEnqueueNDRangeKernel",
            "\(kernel.name), global \(global), local \(local ?? [])"
        )
        try keep(event)
    }

    /// Fills the first `byteCount` bytes of a buffer with a repeated pattern of 1 to 16 bytes.
    mutating func fill<Pattern: BitwiseCopyable>(
        _ buffer: borrowing DeviceBuffer,
        with pattern: Pattern,
        byteCount: Int
    ) throws(OpenCLError) {
        guard byteCount > 0 else { return }
        var event: cl_event?
        let code = withUnsafeBytes(of: pattern) {
            clEnqueueFillBuffer(
                handle,
                buffer.handle,
                $0.baseAddress,
                $0.count,
                0,
                byteCount,
                0,
                nil,
                &event
            )
        }
        try OpenCLError.check(code, "clEnqueueFillBuffer", "\(byteCount) bytes")
        try keep(event)
    }

    /// Copies host bytes into a buffer; the bytes may change when this returns.
    mutating func write(
        _ bytes: UnsafeRawBufferPointer,
        to buffer: borrowing DeviceBuffer,
        at offset: Int = 0
    ) throws(OpenCLError) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
        var event: cl_event?
        let code = clEnqueueWriteBuffer(
            handle,
            buffer.handle,
            cl_bool(CL_TRUE),
            offset,
            bytes.count,
            base,
            0,
            nil,
            &event
        )
        try OpenCLError.check(code, "clEnqueueWriteBuffer", "\(bytes.count) bytes")
        try keep(event)
    }

    /// Copies from one buffer to another on the device.
    mutating func copy(
        _ source: borrowing DeviceBuffer,
        to target: borrowing DeviceBuffer,
        byteCount: Int
    ) throws(OpenCLError) {
        guard byteCount > 0 else { return }
        var event: cl_event?
        let code = clEnqueueCopyBuffer(
            handle,
            source.handle,
            target.handle,
            0,
            0,
            byteCount,
            0,
            nil,
            &event
        )
        try OpenCLError.check(code, "clEnqueueCopyBuffer", "\(byteCount) bytes")
        try keep(event)
    }

    /// Waits for everything before it and copies a buffer's bytes to the host.
    mutating func read(
        _ buffer: borrowing DeviceBuffer,
        at offset: Int = 0,
        into bytes: UnsafeMutableRawBufferPointer
    ) throws(OpenCLError) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return try finish() }
        var event: cl_event?
        let code = clEnqueueReadBuffer(
            handle,
            buffer.handle,
            cl_bool(CL_TRUE),
            offset,
            bytes.count,
            base,
            0,
            nil,
            &event
        )
        try OpenCLError.check(code, "clEnqueueReadBuffer", "\(bytes.count) bytes")
        try keep(event)
        settle()
    }

    /// Waits for everything before it and makes a buffer's content visible in `bytes`.
    ///
    /// Costs no copy for a buffer that was made over exactly these bytes.
    mutating func deliver(
        _ buffer: borrowing DeviceBuffer,
        into bytes: UnsafeMutableRawBufferPointer
    ) throws(OpenCLError) {
        guard let host = buffer.hostMemory, host == bytes.baseAddress, !bytes.isEmpty else {
            return try read(buffer, into: bytes)
        }
        var code: Int32 = 0
        let flags = cl_map_flags(CL_MAP_READ)
        let mapped = clEnqueueMapBuffer(
            handle,
            buffer.handle,
            cl_bool(CL_TRUE),
            flags,
            0,
            bytes.count,
            0,
            nil,
            nil,
            &code
        )
        try OpenCLError.check(code, "clEnqueueMapBuffer", "\(bytes.count) bytes")
        code = clEnqueueUnmapMemObject(handle, buffer.handle, mapped, 0, nil, nil)
        try OpenCLError.check(code, "clEnqueueUnmapMemObject", "\(bytes.count) bytes")
        try finish()
    }

    /// Waits until every command has ended.
    mutating func finish() throws(OpenCLError) {
        let code = clFinish(handle)
        settle()
        try OpenCLError.check(code, "clFinish")
    }

    /// Hands the queued commands to the device without waiting for them.
    func flush() throws(OpenCLError) {
        try OpenCLError.check(clFlush(handle), "clFlush")
    }

    /// Time that commands ended up to the last wait have spent on the device; starts anew.
    mutating func takeDeviceTime() -> Duration {
        defer { elapsed = 0 }
        return .nanoseconds(Int64(clamping: elapsed))
    }

    private mutating func keep(_ event: cl_event?) throws(OpenCLError) {
        if let event { pending.append(event) }
        if pending.count >= CommandQueue.maxPending { try finish() }
    }

    /// Reads and releases the events of commands that a wait has shown to be ended.
    private mutating func settle() {
        for event in pending {
            var start: cl_ulong = 0
            var end: cl_ulong = 0
            let size = MemoryLayout<cl_ulong>.size
            let started = cl_profiling_info(CL_PROFILING_COMMAND_START)
            let ended = cl_profiling_info(CL_PROFILING_COMMAND_END)
            if clGetEventProfilingInfo(event, started, size, &start, nil) == CL_SUCCESS,
                clGetEventProfilingInfo(event, ended, size, &end, nil) == CL_SUCCESS, end > start
            {
                elapsed &+= end - start
            }
            clReleaseEvent(event)
        }
        pending.removeAll(keepingCapacity: true)
    }
}
