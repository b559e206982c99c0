internal import COpenCL

extension ComputeDevice {
    /// A buffer for kernels to read `bytes` from, which stay in place until the queue has ended.
    ///
    /// On a device that shares the host's memory nothing is copied, if the address is aligned to
    /// what the device asks for. Elsewhere, and where the driver refuses the memory, it is a copy.
    func input(_ bytes: UnsafeRawBufferPointer) throws(OpenCLError) -> DeviceBuffer {
        if canUseInPlace(bytes),
            let buffer = try? DeviceBuffer(
                context: context,
                over: UnsafeMutableRawBufferPointer(mutating: bytes),
                access: .readOnly
            )
        {
            return buffer
        }
        return try DeviceBuffer(context: context, copying: bytes)
    }

    /// A buffer for kernels to write what is to end up in `bytes`.
    ///
    /// Lies over `bytes` itself where the device can, else in memory of its own, not initialised.
    /// `queue.deliver(buffer, into: bytes)` makes the result visible in both cases.
    func output(over bytes: UnsafeMutableRawBufferPointer) throws(OpenCLError) -> DeviceBuffer {
        if canUseInPlace(UnsafeRawBufferPointer(bytes)),
            let buffer = try? DeviceBuffer(context: context, over: bytes, access: .readWrite)
        {
            return buffer
        }
        return try scratch(byteCount: bytes.count)
    }

    /// A buffer in the device's memory, not initialised.
    func scratch(byteCount: Int) throws(OpenCLError) -> DeviceBuffer {
        try DeviceBuffer(context: context, byteCount: byteCount)
    }

    /// A buffer in the device's memory for `count` elements, not initialised.
    func scratch<Element: BitwiseCopyable>(
        _ type: Element.Type,
        count: Int
    ) throws(OpenCLError) -> DeviceBuffer {
        let (byteCount, overflow) = count.multipliedReportingOverflow(
            by: MemoryLayout<Element>.stride
        )
        guard !overflow, count >= 0 else {
            throw OpenCLError(
                "clCreateBuffer",
                code: CL_INVALID_BUFFER_SIZE,
                subject: "\(count) elements"
            )
        }
        return try scratch(byteCount: byteCount)
    }

    /// A buffer in the device's memory with a copy of some elements.
    func copy<Element: BitwiseCopyable>(
        of elements: [Element]
    ) throws(OpenCLError) -> DeviceBuffer {
        let size = elements.count * MemoryLayout<Element>.stride
        let buffer = try scratch(byteCount: size)
        var problem: OpenCLError?
        elements.withUnsafeBytes { bytes in
            do throws(OpenCLError) {
                try queue.write(bytes, to: buffer)
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
        return buffer
    }

    /// Waits for everything queued before and copies a buffer's elements from byte `offset` on.
    func read<Element: BitwiseCopyable>(
        _ buffer: borrowing DeviceBuffer,
        at offset: Int = 0,
        into elements: inout [Element]
    ) throws(OpenCLError) {
        var problem: OpenCLError?
        // The error leaves the closure by hand: the library's closure does not carry its type.
        elements.withUnsafeMutableBytes { bytes in
            do throws(OpenCLError) {
                try queue.read(buffer, at: offset, into: bytes)
            } catch {
                problem = error
            }
        }
        if let problem { throw problem }
    }

    /// Runs `body` and then waits for the queue, whether it returns or throws.
    ///
    /// A command that is still queued may use the memory of inputs and outputs, which is given
    /// back after a call: nothing leaves here before the last command has ended.
    func drained<Result: ~Copyable>(
        _ body: () throws -> Result
    ) throws -> Result {
        let result: Result
        do {
            result = try body()
        } catch {
            try? queue.finish()
            throw error
        }
        try queue.finish()
        return result
    }

    private func canUseInPlace(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard info.isHostUnified, let base = bytes.baseAddress else { return false }
        return UInt(bitPattern: base) % UInt(info.baseAlignment) == 0
    }
}
