internal import SupervisionWire
internal import WorkerKit

/// `core/echo`: gives its argument back as it came; what came as a memfd goes as the same one.
///
/// Tells what a call costs when nothing is computed. The bytes are neither read nor copied here.
final class Echo: BuiltinKernel {
    static let declaration = KernelSignature(
        name: "core/echo",
        summary: "Gives its bytes back: what a call costs when nothing is computed.",
        isIdempotent: true,
        arguments: [
            .input("data", .bytes, ["n"], "any bytes"),
            .output("data", .bytes, ["n"], "the same bytes"),
        ]
    )

    private let binder: SignatureBinder

    init(on device: ComputeDevice) throws {
        binder = try SignatureBinder(Echo.declaration)
    }

    func run(_ call: KernelCall) throws(KernelFailure) -> KernelResult {
        _ = try binder.bind(call)
        guard let data = call.input("data") else { return KernelResult(outputs: []) }
        return KernelResult(outputs: [OutputTensor(name: "data", forwarding: data)])
    }
}
