internal import COpenCL

/// Owns an OpenCL context of one device.
struct Context: ~Copyable {
    let handle: cl_context

    init(device: OpenCLDevice) throws(OpenCLError) {
        var id: cl_device_id? = device.id
        var code: Int32 = 0
        guard let handle = clCreateContext(nil, 1, &id, nil, nil, &code) else {
            throw OpenCLError("clCreateContext", code: code, subject: device.name)
        }
        self.handle = handle
    }

    deinit { clReleaseContext(handle) }
}
