import ControlProtocol
import FoundationEssentials
import KernelClient
import SupervisionKit
import SupervisionWire

/// `kernelsupctl call --format json`: the result.
struct CallDocument: Encodable {
    var format = DocumentFormat.current
    var kernel: String
    var execution: String
    var attempts: Int
    var degraded: Bool
    @OrNull var degradedWhy: String?
    var worker: String
    var incarnation: UInt64
    var queuedSeconds: Double
    var executedSeconds: Double
    @OrNull var deviceSeconds: Double?
    var outputs: [String: Output]

    enum CodingKeys: String, CodingKey {
        case format, kernel, execution, attempts, degraded, worker, incarnation, outputs
        case degradedWhy = "degraded_why"
        case queuedSeconds = "queued_s"
        case executedSeconds = "executed_s"
        case deviceSeconds = "device_s"
    }

    init(kernel: String, result: CallResult, files: [String: String]) {
        self.kernel = kernel
        execution = Execution.ran.name
        attempts = result.attempts
        degraded = result.isDegraded
        degradedWhy = result.degradedWhy.isEmpty ? nil : result.degradedWhy
        worker = result.worker
        incarnation = result.incarnation
        queuedSeconds = seconds(result.queued)
        executedSeconds = seconds(result.executed)
        deviceSeconds = result.device == .zero ? nil : seconds(result.device)
        outputs = Dictionary(
            result.tensors.map { ($0.name, Output(tensor: $0, file: files[$0.name])) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// One output: its elements in row-major order, `data_base64` for bytes, or the file it is in.
    struct Output: Encodable {
        var tensor: Tensor
        var file: String?

        enum CodingKeys: String, CodingKey {
            case type, shape, data, file
            case base64 = "data_base64"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(tensor.type.name, forKey: .type)
            try container.encode(tensor.shape, forKey: .shape)
            if let file {
                try container.encode(file, forKey: .file)
            } else if tensor.type == .bytes {
                try container.encode(
                    tensor.withBytes { Data($0).base64EncodedString() },
                    forKey: .base64
                )
            } else {
                try encodeElements(container.nestedUnkeyedContainer(forKey: .data))
            }
        }

        /// Numbers; what JSON has no number for as "nan", "inf" and "-inf", which values take too.
        private func encodeElements(_ data: any UnkeyedEncodingContainer) throws {
            var data = data
            try tensor.withBytes { bytes in
                for index in 0..<tensor.count {
                    let offset = index * tensor.type.size
                    if tensor.type == .f32 {
                        let value = bytes.loadUnaligned(fromByteOffset: offset, as: Float.self)
                        if value.isFinite {
                            // As a Float it is written in its own shortest form.
                            try data.encode(value)
                            continue
                        }
                    }
                    switch Number(tensor.type, from: bytes, at: offset) {
                    case .signed(let value): try data.encode(value)
                    case .unsigned(let value): try data.encode(value)
                    case .real(let value) where value.isFinite: try data.encode(value)
                    case .real: try data.encode(elementText(tensor.type, bytes, at: offset))
                    }
                }
            }
        }
    }
}

/// `kernelsupctl call --format json`: the error.
struct CallErrorDocument: Encodable {
    struct Failure: Encodable {
        var code: String
        var execution: String
        var message: String
        @OrNull var retryAfterSeconds: Double?
        @OrNull var worker: String?
        var incarnation: UInt64
        var attempts: Int

        enum CodingKeys: String, CodingKey {
            case code, execution, message, worker, incarnation, attempts
            case retryAfterSeconds = "retry_after_s"
        }
    }

    var format = DocumentFormat.current
    var kernel: String
    var error: Failure

    init(kernel: String, error: KernelCallError) {
        self.kernel = kernel
        self.error = Failure(
            code: error.code.name,
            execution: error.execution.name,
            message: error.message,
            retryAfterSeconds: error.retryAfter.map(seconds),
            worker: error.worker,
            incarnation: error.incarnation,
            attempts: error.attempts
        )
    }
}

func seconds(_ duration: Duration) -> Double {
    Double(duration.saturatedNanoseconds) / 1e9
}
