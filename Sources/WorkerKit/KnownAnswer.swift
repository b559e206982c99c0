public import SupervisionWire

/// A tiny call whose results are known without the kernel: what finds a device that answers
/// garbage.
///
/// After a fault a device may go on, report no error and compute wrong numbers; only a comparison
/// shows that. A kernel that has a known answer is tried with it before its worker says that it is
/// ready, and at each health probe.
///
/// The call is made on the compute thread, past the daemon, and uses no time of a real one only if
/// it is short: a few elements, well under a millisecond. It can't call other kernels.
///
///     KnownAnswer(
///         inputs: [try InputTensor(name: "x", shape: [3], elements: [1, 2, 3] as [Float])],
///         outputs: [.init(name: "y", shape: [3], elements: [2, 4, 6] as [Float])]
///     )
public struct KnownAnswer {
    /// What one output must hold.
    public struct Output: Hashable, Sendable {
        public var name: String
        public var type: ElementType
        /// Outermost first; empty for a scalar.
        public var shape: [UInt64]
        /// The elements, little-endian, as many as the shape says.
        public var bytes: [UInt8]
        /// How far a floating-point number may be off, as a share of the expected one or, below 1,
        /// in itself.
        ///
        /// Integers must be equal.
        public var tolerance: Double

        public init(
            name: String,
            type: ElementType,
            shape: [UInt64],
            bytes: [UInt8],
            tolerance: Double = 0
        ) {
            self.name = name
            self.type = type
            self.shape = shape
            self.bytes = bytes
            self.tolerance = tolerance
        }

        public init<Element: TensorElement>(
            name: String,
            shape: [UInt64],
            elements: [Element],
            tolerance: Double = 0
        ) {
            self.init(
                name: name,
                type: Element.elementType,
                shape: shape,
                bytes: elements.withUnsafeBytes { Array($0) },
                tolerance: tolerance
            )
        }
    }

    /// The arguments; those left out take their defaults.
    public var inputs: [InputTensor]
    /// The outputs that are compared; others may hold anything.
    public var outputs: [Output]

    public init(inputs: [InputTensor], outputs: [Output]) {
        self.inputs = inputs
        self.outputs = outputs
    }

    /// What came in place of the answer.
    package enum Mistake: Error, Hashable {
        /// The kernel gave no answer: its device refused, for instance.
        case failed(KernelFailure)
        /// It gave another one, described in words.
        case wrong(String)

        package var text: String {
            switch self {
            case .failed(let failure): "the call with a known answer failed: \(failure.message)"
            case .wrong(let difference): "wrong answer to a known call: \(difference)"
            }
        }
    }

    /// Runs the kernel and compares; nil when its answer is right.
    package func mistake(of kernel: any Kernel) -> Mistake? {
        let found: [OutputTensor]
        do throws(KernelFailure) {
            found = try kernel.run(KernelCall(kernel: kernel.signature.name, inputs: inputs))
                .outputs
        } catch {
            return .failed(error)
        }
        for output in outputs {
            guard let tensor = found.first(where: { $0.name == output.name }) else {
                return .wrong("there is no '\(output.name)'")
            }
            if let difference = output.difference(from: tensor) {
                return .wrong(difference)
            }
        }
        return nil
    }
}

extension KnownAnswer.Output {
    /// The first thing in which `tensor` is not what is expected, in words; nil for none.
    func difference(from tensor: OutputTensor) -> String? {
        guard tensor.type == type, tensor.shape == shape else {
            return "'\(name)' is \(tensor.type.name)\(tensor.shape), "
                + "expected \(type.name)\(shape)"
        }
        guard let found = tensor.inlineBytes else {
            return "'\(name)' is too large to be compared"
        }
        guard found.count == bytes.count else {
            return "'\(name)' has \(found.count) bytes, expected \(bytes.count)"
        }
        return found.withUnsafeBytes { found in
            bytes.withUnsafeBytes { expected in
                switch type {
                case .u8, .bytes: integers(found, expected, as: UInt8.self)
                case .i8: integers(found, expected, as: Int8.self)
                case .u16: integers(found, expected, as: UInt16.self)
                case .i16: integers(found, expected, as: Int16.self)
                case .u32: integers(found, expected, as: UInt32.self)
                case .i32: integers(found, expected, as: Int32.self)
                case .u64: integers(found, expected, as: UInt64.self)
                case .i64: integers(found, expected, as: Int64.self)
                case .f16: reals(found, expected, as: Float16.self)
                case .f32: reals(found, expected, as: Float.self)
                case .f64: reals(found, expected, as: Double.self)
                }
            }
        }
    }

    private func integers<Integer: TensorElement & FixedWidthInteger>(
        _ found: UnsafeRawBufferPointer,
        _ expected: UnsafeRawBufferPointer,
        as type: Integer.Type
    ) -> String? {
        first(found, expected, as: type) { $0 != $1 }
    }

    private func reals<Real: TensorElement & BinaryFloatingPoint>(
        _ found: UnsafeRawBufferPointer,
        _ expected: UnsafeRawBufferPointer,
        as type: Real.Type
    ) -> String? {
        first(found, expected, as: type) { found, expected in
            guard found != expected, !(found.isNaN && expected.isNaN) else { return false }
            guard found.isFinite, expected.isFinite else { return true }
            let scale = max(1, abs(Double(expected)))
            return abs(Double(found) - Double(expected)) > tolerance * scale
        }
    }

    private func first<Element: TensorElement>(
        _ found: UnsafeRawBufferPointer,
        _ expected: UnsafeRawBufferPointer,
        as _: Element.Type,
        where isWrong: (Element, Element) -> Bool
    ) -> String? {
        let size = MemoryLayout<Element>.stride
        for index in 0..<expected.count / size {
            let element = found.loadUnaligned(fromByteOffset: index * size, as: Element.self)
            let wanted = expected.loadUnaligned(fromByteOffset: index * size, as: Element.self)
            guard isWrong(element, wanted) else { continue }
            let isRounded = tolerance > 0 && !(wanted is any FixedWidthInteger)
            let room = isRounded ? " within \(tolerance)" : ""
            return "element \(index) of '\(name)' is \(element), expected \(wanted)\(room)"
        }
        return nil
    }
}
