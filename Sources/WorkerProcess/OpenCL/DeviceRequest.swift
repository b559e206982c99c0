/// Which device the worker was told to use; empty takes the first there is.
struct DeviceRequest: Hashable, Sendable {
    /// Part of the platform's name, in any case.
    var platform: String?
    /// Part of the device's name, in any case.
    var device: String?
    /// nil for any kind.
    var kind: OpenCLDevice.Kind?
    /// Which of the devices that match, from 0.
    var index = 0

    /// The device that the request names.
    ///
    /// - Throws: an error whose message lists what there is, when nothing matches.
    func select(from devices: [OpenCLDevice]) throws(DeviceSelectionError) -> OpenCLDevice {
        let matching = devices.filter { matches($0) }
        guard matching.indices.contains(index) else {
            throw DeviceSelectionError(
                request: self,
                matching: matching.count,
                available: devices.map(\.summary)
            )
        }
        return matching[index]
    }

    private func matches(_ candidate: OpenCLDevice) -> Bool {
        candidate.kind != .other
            && (kind == nil || kind == candidate.kind)
            && DeviceRequest.contains(candidate.platformName, platform)
            && DeviceRequest.contains(candidate.name, device)
    }

    private static func contains(_ name: String, _ part: String?) -> Bool {
        guard let part, !part.isEmpty else { return true }
        return name.lowercased().contains(part.lowercased())
    }
}

/// No device matches a request: what was asked for, and what there is.
struct DeviceSelectionError: Error, Hashable, CustomStringConvertible {
    let request: DeviceRequest
    /// Devices that match but for the index.
    let matching: Int
    /// `OpenCLDevice.summary` of each device there is.
    let available: [String]

    var description: String {
        guard !available.isEmpty else {
            return "no OpenCL device: no platform is installed, or none has a device "
                + "(on Debian, pocl-opencl-icd brings one that runs on the CPU)"
        }
        var wanted: [String] = []
        if let platform = request.platform { wanted.append("platform '\(platform)'") }
        if let device = request.device { wanted.append("name '\(device)'") }
        if let kind = request.kind { wanted.append("type \(kind.rawValue)") }
        if request.index > 0 || wanted.isEmpty { wanted.append("index \(request.index)") }
        let found = matching > 0 ? " (\(matching) match but for the index)" : ""
        return "no OpenCL device with \(wanted.joined(separator: ", "))\(found); there is: "
            + available.joined(separator: "; ")
    }
}
