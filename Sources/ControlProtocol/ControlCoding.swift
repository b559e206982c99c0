import FoundationEssentials

/// JSON as this project writes it: sorted keys, slashes as they are, one line.
public enum ControlCoding {
    /// - Throws: for numbers that are not finite.
    public static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    public static func decode<Value: Decodable>(
        _ type: Value.Type,
        from bytes: [UInt8]
    ) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    /// A request with its NUL, ready to be written.
    public static func request(
        _ method: String,
        parameters: some Codable & Sendable = NoParameters()
    ) throws -> [UInt8] {
        VarlinkFrame.joined(try encode(VarlinkRequest(method: method, parameters: parameters)))
    }

    /// Reads the reply to a request: one message without its NUL.
    public static func reply<Parameters: Codable & Sendable>(
        _ message: [UInt8],
        as type: Parameters.Type
    ) throws(ControlError) -> Parameters {
        let data = Data(message)
        do {
            let head = try JSONDecoder().decode(ReplyHead.self, from: data)
            guard let error = head.error else {
                let reply = try JSONDecoder().decode(VarlinkReply<Parameters>.self, from: data)
                guard let parameters = reply.parameters else {
                    throw ControlError.malformedReply("the reply has no parameters")
                }
                return parameters
            }
            if error == SupervisorInterface.noSuchComponent {
                let reply = try JSONDecoder().decode(
                    VarlinkErrorReply<NoSuchComponent>.self,
                    from: data
                )
                if let missing = reply.parameters { throw ControlError.noSuchComponent(missing) }
            }
            throw ControlError.refused(error: error, detail: head.detail)
        } catch let error as ControlError {
            throw error
        } catch {
            throw .malformedReply(decodingProblem(error))
        }
    }
}

/// Why a question to the daemon has no answer.
public enum ControlError: Error, Hashable, Sendable {
    case noSuchComponent(NoSuchComponent)
    /// Any other Varlink error, with the first text among its parameters.
    case refused(error: String, detail: String)
    /// The reply is not what the interface says.
    case malformedReply(String)
}

/// The part of a reply that tells a result from an error.
private struct ReplyHead: Decodable {
    struct Parameters: Decodable {
        var message: String?
        var parameter: String?
        var method: String?
        var interface: String?
    }

    var error: String?
    var detail: String

    private enum CodingKeys: String, CodingKey {
        case error, parameters
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        error = try container.decodeIfPresent(String.self, forKey: .error)
        guard error != nil else {
            detail = ""
            return
        }
        // An error of another interface may carry anything; its name alone is an answer.
        let given = try? container.decodeIfPresent(Parameters.self, forKey: .parameters)
        detail = given?.message ?? given?.parameter ?? given?.method ?? given?.interface ?? ""
    }
}

/// A decoder's error as one sentence with the place in it.
func decodingProblem(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .keyNotFound(let key, let context):
        return "'\(key.stringValue)' is missing\(place(context))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
        return "\(context.debugDescription)\(place(context))"
    case .dataCorrupted(let context):
        return "\(context.debugDescription)\(place(context))"
    @unknown default:
        return "\(error)"
    }
}

private func place(_ context: DecodingError.Context) -> String {
    guard !context.codingPath.isEmpty else { return "" }
    return " at " + context.codingPath.map(\.stringValue).joined(separator: ".")
}
