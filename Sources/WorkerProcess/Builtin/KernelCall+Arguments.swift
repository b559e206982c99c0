internal import SupervisionKit
internal import WorkerKit

/// Arguments after `SignatureBinder` has found them to be what the signature says.
extension KernelCall {
    /// An argument's elements, in place.
    func elements<Element: TensorElement>(
        _ name: String,
        as type: Element.Type
    ) throws(KernelFailure) -> UnsafeBufferPointer<Element> {
        guard let elements = input(name)?.elements(as: type) else {
            throw KernelFailure(.invalidArgument, "\(kernel) has no argument '\(name)' to read")
        }
        return elements
    }

    func scalar<Element: TensorElement>(
        _ name: String,
        as type: Element.Type
    ) throws(KernelFailure) -> Element {
        guard let value = input(name)?.scalar(as: type) else {
            throw KernelFailure(.invalidArgument, "\(kernel) has no scalar '\(name)' to read")
        }
        return value
    }

    /// The size of an argument's dimension; 0 when it has no such dimension.
    func size(_ name: String, _ axis: Int = 0) -> Int {
        guard let shape = input(name)?.shape, shape.indices.contains(axis) else { return 0 }
        return Int(clamping: shape[axis])
    }
}
