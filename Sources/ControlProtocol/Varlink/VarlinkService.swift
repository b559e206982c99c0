/// `org.varlink.service`, which every Varlink service answers.
public enum VarlinkService {
    public static let name = "org.varlink.service"
    public static let getInfo = "org.varlink.service.GetInfo"
    public static let getInterfaceDescription = "org.varlink.service.GetInterfaceDescription"

    /// The reply of `GetInfo`.
    public struct Info: Codable, Hashable, Sendable {
        public var vendor: String
        public var product: String
        public var version: String
        public var url: String
        public var interfaces: [String]

        public init(
            vendor: String,
            product: String,
            version: String,
            url: String,
            interfaces: [String]
        ) {
            self.vendor = vendor
            self.product = product
            self.version = version
            self.url = url
            self.interfaces = interfaces
        }
    }

    /// Parameters of `GetInterfaceDescription`.
    public struct InterfaceName: Codable, Hashable, Sendable {
        public var interface: String

        public init(interface: String) {
            self.interface = interface
        }
    }

    /// The reply of `GetInterfaceDescription`.
    public struct InterfaceDescription: Codable, Hashable, Sendable {
        public var description: String

        public init(description: String) {
            self.description = description
        }
    }

    public static let interfaceNotFound = "org.varlink.service.InterfaceNotFound"
    public static let methodNotFound = "org.varlink.service.MethodNotFound"
    public static let methodNotImplemented = "org.varlink.service.MethodNotImplemented"
    public static let invalidParameter = "org.varlink.service.InvalidParameter"

    struct MethodName: Codable, Hashable, Sendable {
        var method: String
    }

    struct ParameterName: Codable, Hashable, Sendable {
        var parameter: String
    }

    /// The interface's own description, word for word as the Varlink project gives it.
    public static let description = """
        # The Varlink Service Interface is provided by every varlink service. It
        # describes the service and the interfaces it implements.
        interface org.varlink.service

        # Get a list of all the interfaces a service provides and information
        # about the implementation.
        method GetInfo() -> (
          vendor: string,
          product: string,
          version: string,
          url: string,
          interfaces: []string
        )

        # Get the description of an interface that is implemented by this service.
        method GetInterfaceDescription(interface: string) -> (description: string)

        # The requested interface was not found.
        error InterfaceNotFound (interface: string)

        # The requested method was not found
        error MethodNotFound (method: string)

        # The interface defines the requested method, but the service does not
        # implement it.
        error MethodNotImplemented (method: string)

        # One of the passed parameters is invalid.
        error InvalidParameter (parameter: string)

        """
}
