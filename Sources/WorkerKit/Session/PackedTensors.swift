internal import SupervisionKit
internal import SupervisionWire

/// Tensors for one frame: small ones go into it, what does not fit goes into shared memory.
///
/// Keeps what its descriptors belong to alive.
struct PackedTensors {
    let tensors: [OutgoingTensor]
    let descriptors: [Int32]
    private let outputs: [OutputTensor]

    /// None at all.
    init() {
        tensors = []
        descriptors = []
        outputs = []
    }

    /// - Throws: `.kernelFailed` when there is no shared memory to be had.
    init(_ outputs: [OutputTensor]) throws(KernelFailure) {
        var outputs = outputs
        try PackedTensors.shrinkInlineBytes(of: &outputs)
        var descriptors: [Int32] = []
        var tensors: [OutgoingTensor] = []
        tensors.reserveCapacity(outputs.count)
        for output in outputs {
            tensors.append(output.outgoing(&descriptors))
        }
        self.tensors = tensors
        self.descriptors = descriptors
        self.outputs = outputs
    }

    /// Moves the largest tensors into shared memory until the rest fits into one frame.
    private static func shrinkInlineBytes(of outputs: inout [OutputTensor]) throws(KernelFailure) {
        // A tensor takes up to seven bytes more than it has: each starts at a multiple of eight.
        func paddedSize(_ output: OutputTensor) -> Int { (output.inlineByteCount + 7) & ~7 }
        var total = outputs.reduce(0) { $0 + paddedSize($1) }
        while total > Limits.maxInlineBytes {
            guard
                let largest = outputs.indices.max(by: {
                    paddedSize(outputs[$0]) < paddedSize(outputs[$1])
                })
            else { return }
            total -= paddedSize(outputs[largest])
            try outputs[largest].moveToSharedMemory()
        }
    }
}

extension OutputTensor {
    /// The tensor for the encoder; its descriptor, where it has one, is appended once.
    fileprivate func outgoing(_ descriptors: inout [Int32]) -> OutgoingTensor {
        let payload: OutgoingTensor.Payload
        switch storage {
        case .inline(let bytes):
            payload = .bytes(bytes)
        case .shared(let memory):
            payload = .descriptor(index: descriptors.count, offset: 0)
            descriptors.append(memory.descriptor)
        case .forwarded(let input):
            if let origin = input.origin {
                let known = descriptors.firstIndex(of: origin.descriptor)
                payload = .descriptor(index: known ?? descriptors.count, offset: origin.offset)
                if known == nil { descriptors.append(origin.descriptor) }
            } else {
                payload = .bytes(Array(input.bytes))
            }
        }
        return OutgoingTensor(name: name, type: type, shape: shape, payload: payload)
    }
}
