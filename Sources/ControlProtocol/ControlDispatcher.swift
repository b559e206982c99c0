import FoundationEssentials

/// Answers one Varlink request.
///
/// Sans I/O: the caller splits the stream and writes the reply.
public enum ControlDispatcher {
    /// Answers one request, a malformed one too: its sender may be a person with socat.
    ///
    /// - Parameters:
    ///   - request: one message without its NUL, at most `VarlinkFrame.maxRequestBytes`.
    ///   - provider: asked at most once, before this returns.
    ///   - version: the daemon's, for `GetInfo`.
    /// - Returns: the reply with its NUL, ready to be written; nil when none is wanted (oneway).
    public static func dispatch(
        _ request: [UInt8],
        provider: borrowing some ControlProvider,
        version: String = ""
    ) -> [UInt8]? {
        let head: VarlinkRequestHead
        do {
            head = try JSONDecoder().decode(VarlinkRequestHead.self, from: Data(request))
        } catch {
            return failure(
                SupervisorInterface.malformedRequest,
                SupervisorInterface.Message(
                    message: "a request is a JSON object with a method: \(decodingProblem(error))"
                )
            )
        }
        guard !head.wantsUpgrade else { return head.isOneway ? nil : invalid("upgrade") }
        let reply = answer(head, request: request, provider: provider, version: version)
        return head.isOneway ? nil : reply
    }

    private static func answer(
        _ head: VarlinkRequestHead,
        request: [UInt8],
        provider: borrowing some ControlProvider,
        version: String
    ) -> [UInt8] {
        switch head.method {
        case VarlinkService.getInfo:
            if let unknown = head.parameterNames.first { return invalid(unknown) }
            return success(info(version: version))
        case VarlinkService.getInterfaceDescription:
            return describe(head, request: request)
        case SupervisorInterface.getStatus:
            if let unknown = head.parameterNames.first { return invalid(unknown) }
            return success(SupervisorInterface.StatusReply(status: provider.status()))
        case SupervisorInterface.getHealth:
            return health(head, request: request, provider: provider)
        case SupervisorInterface.explain:
            return explain(head, request: request, provider: provider)
        case SupervisorInterface.listKernels:
            if let unknown = head.parameterNames.first { return invalid(unknown) }
            return success(SupervisorInterface.KernelsReply(kernels: provider.kernels()))
        case SupervisorInterface.setBreaker:
            return setBreaker(head, request: request, provider: provider)
        case SupervisorInterface.acknowledge:
            return acknowledge(head, request: request, provider: provider)
        case let method:
            return unknownMethod(method)
        }
    }

    private static func info(version: String) -> VarlinkService.Info {
        VarlinkService.Info(
            vendor: "kernelsupd",
            product: "kernelsupd",
            version: version,
            url: "",
            interfaces: [SupervisorInterface.name, VarlinkService.name]
        )
    }

    private static func describe(_ head: VarlinkRequestHead, request: [UInt8]) -> [UInt8] {
        if let unknown = head.parameterNames.first(where: { $0 != "interface" }) {
            return invalid(unknown)
        }
        guard let name: VarlinkService.InterfaceName = parameters(of: request) else {
            return invalid("interface")
        }
        let text: String
        switch name.interface {
        case SupervisorInterface.name: text = SupervisorInterface.description
        case VarlinkService.name: text = VarlinkService.description
        default: return failure(VarlinkService.interfaceNotFound, name)
        }
        return success(VarlinkService.InterfaceDescription(description: text))
    }

    private static func health(
        _ head: VarlinkRequestHead,
        request: [UInt8],
        provider: borrowing some ControlProvider
    ) -> [UInt8] {
        if let unknown = head.parameterNames.first(where: { $0 != "component" }) {
            return invalid(unknown)
        }
        var component: String?
        if !head.parameterNames.isEmpty {
            guard let given: SupervisorInterface.HealthParameters = parameters(of: request) else {
                return invalid("component")
            }
            component = given.component
        }
        switch provider.health(component: component) {
        case .success(let health):
            return success(SupervisorInterface.HealthReply(health: health))
        case .failure(let missing):
            return failure(SupervisorInterface.noSuchComponent, missing)
        }
    }

    private static func explain(
        _ head: VarlinkRequestHead,
        request: [UInt8],
        provider: borrowing some ControlProvider
    ) -> [UInt8] {
        if let unknown = head.parameterNames.first(where: { $0 != "component" }) {
            return invalid(unknown)
        }
        guard let given: SupervisorInterface.ComponentName = parameters(of: request) else {
            return invalid("component")
        }
        switch provider.explanation(of: given.component) {
        case .success(let explanation):
            return success(SupervisorInterface.ExplanationReply(explanation: explanation))
        case .failure(let missing):
            return failure(SupervisorInterface.noSuchComponent, missing)
        }
    }

    private static func setBreaker(
        _ head: VarlinkRequestHead,
        request: [UInt8],
        provider: borrowing some ControlProvider
    ) -> [UInt8] {
        guard provider.mayChange else { return denied }
        let known = ["kernel", "override"]
        if let unknown = head.parameterNames.first(where: { !known.contains($0) }) {
            return invalid(unknown)
        }
        guard let name: KernelName = parameters(of: request) else { return invalid("kernel") }
        guard let given: SupervisorInterface.BreakerParameters = parameters(of: request) else {
            return invalid("override")
        }
        switch provider.setBreaker(kernel: name.kernel, to: given.override) {
        case .success(let kernel):
            return success(SupervisorInterface.BreakerReply(kernel: kernel))
        case .failure(let missing):
            return failure(SupervisorInterface.noSuchComponent, missing)
        }
    }

    private static func acknowledge(
        _ head: VarlinkRequestHead,
        request: [UInt8],
        provider: borrowing some ControlProvider
    ) -> [UInt8] {
        guard provider.mayChange else { return denied }
        if let unknown = head.parameterNames.first(where: { $0 != "component" }) {
            return invalid(unknown)
        }
        guard let given: SupervisorInterface.ComponentName = parameters(of: request) else {
            return invalid("component")
        }
        switch provider.acknowledge(component: given.component) {
        case .success(let acknowledgement):
            return success(acknowledgement)
        case .failure(let missing):
            return failure(SupervisorInterface.noSuchComponent, missing)
        }
    }

    private static var denied: [UInt8] {
        failure(
            SupervisorInterface.permissionDenied,
            SupervisorInterface.Message(message: "only root and the daemon's user may change this")
        )
    }

    private static func unknownMethod(_ method: String) -> [UInt8] {
        let interface = method.lastIndex(of: ".").map { String(method[..<$0]) } ?? method
        guard interface == SupervisorInterface.name || interface == VarlinkService.name else {
            return failure(
                VarlinkService.interfaceNotFound,
                VarlinkService.InterfaceName(interface: interface)
            )
        }
        return failure(VarlinkService.methodNotFound, VarlinkService.MethodName(method: method))
    }

    /// To tell which of two parameters is wrong.
    private struct KernelName: Codable, Sendable {
        var kernel: String
    }

    private static func parameters<Value: Codable & Sendable>(of request: [UInt8]) -> Value? {
        // A wrong type is reported by the parameter's name; the decoder's own words add nothing.
        let decoded = try? JSONDecoder().decode(VarlinkRequest<Value>.self, from: Data(request))
        return decoded?.parameters
    }

    private static func invalid(_ parameter: String) -> [UInt8] {
        failure(VarlinkService.invalidParameter, VarlinkService.ParameterName(parameter: parameter))
    }

    private static func success(_ parameters: some Codable & Sendable) -> [UInt8] {
        encoded(VarlinkReply(parameters: parameters))
    }

    private static func failure(_ error: String, _ parameters: some Codable & Sendable) -> [UInt8] {
        encoded(VarlinkErrorReply(error: error, parameters: parameters))
    }

    private static func encoded(_ message: some Encodable) -> [UInt8] {
        do {
            return VarlinkFrame.joined(try ControlCoding.encode(message))
        } catch {
            // Only a number that is not finite gets here; the reply must still be one.
            let text =
                #"{"error":"\#(SupervisorInterface.notRepresentable)","parameters":"#
                + #"{"message":"a number of the answer is not finite"}}"#
            return VarlinkFrame.joined(Array(text.utf8))
        }
    }
}
