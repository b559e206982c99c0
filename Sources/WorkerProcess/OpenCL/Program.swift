internal import COpenCL

/// Owns an OpenCL program that is built and ready to give its kernels.
struct Program: ~Copyable {
    let handle: cl_program
    /// What the program is called in messages: the kernel's name or the source file's.
    let label: String
    /// Loaded from a binary and not compiled.
    let isPrebuilt: Bool

    /// Compiles OpenCL C.
    ///
    /// - Throws: an error whose `buildLog` is what the compiler said, when it does not compile.
    init(
        source: String,
        options: String,
        label: String,
        context: borrowing Context,
        device: OpenCLDevice
    ) throws(OpenCLError) {
        var code: Int32 = 0
        let created = source.withCString { text in
            var line: UnsafePointer<CChar>? = text
            return clCreateProgramWithSource(context.handle, 1, &line, nil, &code)
        }
        guard let created else {
            throw OpenCLError("clCreateProgramWithSource", code: code, subject: label)
        }
        self.handle = try Program.build(created, options: options, label: label, device: device)
        self.label = label
        self.isPrebuilt = false
    }

    /// Loads what `binary()` of an earlier program gave, on the same device and driver.
    init(
        binary: [UInt8],
        options: String,
        label: String,
        context: borrowing Context,
        device: OpenCLDevice
    ) throws(OpenCLError) {
        var code: Int32 = 0
        var status: Int32 = 0
        var id: cl_device_id? = device.id
        var length = binary.count
        let created = binary.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return clCreateProgramWithBinary(
                context.handle,
                1,
                &id,
                &length,
                &start,
                &status,
                &code
            )
        }
        guard let created else {
            throw OpenCLError("clCreateProgramWithBinary", code: code, subject: label)
        }
        guard status == CL_SUCCESS else {
            clReleaseProgram(created)
            throw OpenCLError("clCreateProgramWithBinary", code: status, subject: label)
        }
        self.handle = try Program.build(created, options: options, label: label, device: device)
        self.label = label
        self.isPrebuilt = true
    }

    deinit { clReleaseProgram(handle) }

    /// The kernel function with that name.
    func kernel(_ name: String) throws(OpenCLError) -> ComputeKernel {
        try ComputeKernel(program: self, name: name)
    }

    /// The names of all kernel functions in the program.
    func kernelNames() throws(OpenCLError) -> [String] {
        let handle = handle
        let text = try OpenCLQuery.text("clGetProgramInfo") { size, bytes, needed in
            clGetProgramInfo(
                handle,
                cl_program_info(CL_PROGRAM_KERNEL_NAMES),
                size,
                bytes,
                needed
            )
        }
        return text.split(separator: ";").map(String.init)
    }

    /// The program as the driver stores it; empty when the driver gives none.
    func binary() throws(OpenCLError) -> [UInt8] {
        var size = 0
        let word = MemoryLayout<Int>.size
        var code = clGetProgramInfo(
            handle,
            cl_program_info(CL_PROGRAM_BINARY_SIZES),
            word,
            &size,
            nil
        )
        try OpenCLError.check(code, "clGetProgramInfo", label)
        guard size > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: size)
        let handle = handle
        code = bytes.withUnsafeMutableBufferPointer { storage in
            var start = storage.baseAddress
            return clGetProgramInfo(
                handle,
                cl_program_info(CL_PROGRAM_BINARIES),
                word,
                &start,
                nil
            )
        }
        try OpenCLError.check(code, "clGetProgramInfo", label)
        return bytes
    }

    /// Builds and gives the handle back; releases it when that fails.
    private static func build(
        _ handle: cl_program,
        options: String,
        label: String,
        device: OpenCLDevice
    ) throws(OpenCLError) -> cl_program {
        var id: cl_device_id? = device.id
        let code = clBuildProgram(handle, 1, &id, options, nil, nil)
        guard code != CL_SUCCESS else { return handle }
        let log = try? OpenCLQuery.text("clGetProgramBuildInfo") { size, bytes, needed in
            let property = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
            return clGetProgramBuildInfo(handle, device.id, property, size, bytes, needed)
        }
        clReleaseProgram(handle)
        throw OpenCLError("clBuildProgram", code: code, subject: label, buildLog: log ?? "")
    }
}
