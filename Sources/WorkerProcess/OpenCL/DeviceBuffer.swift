internal import COpenCL

/// Owns a buffer on the device, at least one byte long: OpenCL has no empty ones.
struct DeviceBuffer: ~Copyable {
    /// What kernels do with a buffer.
    enum Access {
        case readOnly
        case writeOnly
        case readWrite

        fileprivate var flags: cl_mem_flags {
            switch self {
            case .readOnly: cl_mem_flags(CL_MEM_READ_ONLY)
            case .writeOnly: cl_mem_flags(CL_MEM_WRITE_ONLY)
            case .readWrite: cl_mem_flags(CL_MEM_READ_WRITE)
            }
        }
    }

    let handle: cl_mem
    /// Bytes asked for; zero for an empty tensor.
    let byteCount: Int
    /// The host memory that this buffer lies over; nil for memory of the device's own.
    let hostMemory: UnsafeMutableRawPointer?

    /// Memory of the device's own, not initialised.
    init(
        context: borrowing Context,
        byteCount: Int,
        access: Access = .readWrite
    ) throws(OpenCLError) {
        try self.init(context, access.flags, byteCount: byteCount)
    }

    /// Memory of the device's own with a copy of `bytes` in it.
    init(
        context: borrowing Context,
        copying bytes: UnsafeRawBufferPointer,
        access: Access = .readOnly
    ) throws(OpenCLError) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            try self.init(context: context, byteCount: 0, access: access)
            return
        }
        let flags = access.flags | cl_mem_flags(CL_MEM_COPY_HOST_PTR)
        let source = UnsafeMutableRawPointer(mutating: base)
        try self.init(context, flags, byteCount: bytes.count, copying: source)
    }

    /// A buffer over host memory, used in place by a device that shares it.
    ///
    /// The bytes must stay where they are, untouched by the host, until the queue has ended.
    /// With `.readOnly` they are never written, so that a read-only mapping will do.
    init(
        context: borrowing Context,
        over bytes: UnsafeMutableRawBufferPointer,
        access: Access
    ) throws(OpenCLError) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            try self.init(context: context, byteCount: 0, access: access)
            return
        }
        let flags = access.flags | cl_mem_flags(CL_MEM_USE_HOST_PTR)
        try self.init(context, flags, byteCount: bytes.count, over: base)
    }

    deinit { clReleaseMemObject(handle) }

    private init(
        _ context: borrowing Context,
        _ flags: cl_mem_flags,
        byteCount: Int,
        copying source: UnsafeMutableRawPointer? = nil,
        over host: UnsafeMutableRawPointer? = nil
    ) throws(OpenCLError) {
        var code: Int32 = 0
        let size = max(1, byteCount)
        guard let handle = clCreateBuffer(context.handle, flags, size, source ?? host, &code) else {
            throw OpenCLError("clCreateBuffer", code: code, subject: "\(byteCount) bytes")
        }
        self.handle = handle
        self.byteCount = byteCount
        self.hostMemory = host
    }
}
