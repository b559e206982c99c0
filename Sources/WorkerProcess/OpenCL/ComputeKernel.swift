internal import COpenCL

/// Owns one `__kernel` function of a program together with the arguments set on it.
struct ComputeKernel: ~Copyable {
    let handle: cl_kernel
    /// The function's name in the source.
    let name: String

    init(program: borrowing Program, name: String) throws(OpenCLError) {
        var code: Int32 = 0
        guard let handle = clCreateKernel(program.handle, name, &code) else {
            throw OpenCLError(
                "clCreateKernel",
                code: code,
                subject: "'\(name)' in \(program.label)"
            )
        }
        self.handle = handle
        self.name = name
    }

    deinit { clReleaseKernel(handle) }

    /// Arguments that the function has in the source.
    var argumentCount: Int {
        var count: cl_uint = 0
        let size = MemoryLayout<cl_uint>.size
        clGetKernelInfo(handle, cl_kernel_info(CL_KERNEL_NUM_ARGS), size, &count, nil)
        return Int(count)
    }

    /// The largest work-group that this function can run in on the device.
    func maxGroupSize(on device: OpenCLDevice) throws(OpenCLError) -> Int {
        var limit = 0
        let code = clGetKernelWorkGroupInfo(
            handle,
            device.id,
            cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE),
            MemoryLayout<Int>.size,
            &limit,
            nil
        )
        try OpenCLError.check(code, "clGetKernelWorkGroupInfo", name)
        return limit
    }

    /// Sets a `__global` or `__constant` pointer.
    ///
    /// The buffer must live until the launch has ended.
    func setArgument(_ index: Int, to buffer: borrowing DeviceBuffer) throws(OpenCLError) {
        try setArgument(index, toMemory: buffer.handle)
    }

    func setArgument(_ index: Int, toMemory memory: cl_mem) throws(OpenCLError) {
        var memory: cl_mem? = memory
        let size = MemoryLayout<cl_mem?>.size
        try check(clSetKernelArg(handle, cl_uint(clamping: index), size, &memory), index)
    }

    /// Sets a scalar, bit by bit: the type must have the size of the function's parameter.
    func setArgument<Value: BitwiseCopyable>(
        _ index: Int,
        to value: Value
    ) throws(OpenCLError) {
        let code = withUnsafeBytes(of: value) {
            clSetKernelArg(handle, cl_uint(clamping: index), $0.count, $0.baseAddress)
        }
        try check(code, index)
    }

    /// Sets a scalar from its bytes: the count must be the size of the function's parameter.
    func setArgument(_ index: Int, toBytes bytes: UnsafeRawBufferPointer) throws(OpenCLError) {
        let code = clSetKernelArg(
            handle,
            cl_uint(clamping: index),
            bytes.count,
            bytes.baseAddress
        )
        try check(code, index)
    }

    /// Sets a `__local` pointer to that many bytes of local memory, at least one.
    func setArgument(_ index: Int, toLocalBytes byteCount: Int) throws(OpenCLError) {
        try check(clSetKernelArg(handle, cl_uint(clamping: index), max(1, byteCount), nil), index)
    }

    private func check(_ code: Int32, _ index: Int) throws(OpenCLError) {
        try OpenCLError.check(code, "clSetKernelArg", "'\(name)', argument \(index)")
    }
}
