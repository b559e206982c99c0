internal import COpenCL

/// The library's `clGet…Info` calls with their size-then-value dance.
enum OpenCLQuery {
    /// A fixed-size property of a device, of the type that `zero` has.
    static func value<Value: BitwiseCopyable>(
        _ device: cl_device_id,
        _ property: Int32,
        _ zero: Value
    ) throws(OpenCLError) -> Value {
        var result = zero
        let code = clGetDeviceInfo(
            device,
            cl_device_info(property),
            MemoryLayout<Value>.size,
            &result,
            nil
        )
        try OpenCLError.check(code, "clGetDeviceInfo")
        return result
    }

    static func text(_ device: cl_device_id, _ property: Int32) throws(OpenCLError) -> String {
        try text("clGetDeviceInfo") { size, bytes, needed in
            clGetDeviceInfo(device, cl_device_info(property), size, bytes, needed)
        }
    }

    static func platformText(
        _ platform: cl_platform_id,
        _ property: Int32
    ) throws(OpenCLError) -> String {
        try text("clGetPlatformInfo") { size, bytes, needed in
            clGetPlatformInfo(platform, cl_platform_info(property), size, bytes, needed)
        }
    }

    /// Text of any `clGet…Info` call: NULs and blanks at its ends are dropped, since drivers pad
    /// the names of their devices, and broken UTF-8 is repaired.
    static func text(
        _ call: String,
        _ get: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Int32
    ) throws(OpenCLError) -> String {
        var needed = 0
        try OpenCLError.check(get(0, nil, &needed), call)
        guard needed > 0 else { return "" }
        var bytes = [UInt8](repeating: 0, count: needed)
        try OpenCLError.check(get(needed, &bytes, nil), call)
        let isPadding: (UInt8) -> Bool = { $0 == 0 || $0 == 0x20 || $0 == 0x0A }
        let kept = bytes.drop(while: isPadding).reversed().drop(while: isPadding).reversed()
        return String(decoding: Array(kept), as: UTF8.self)
    }
}
