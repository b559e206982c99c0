/// Everything about a process that is to be started.
///
/// Nothing is inherited that is not named here.
public struct SpawnRequest: Sendable {
    /// A descriptor of this process and the number it gets in the child.
    public struct InheritedDescriptor: Hashable, Sendable {
        public var descriptor: Int32
        /// 3 or more.
        public var number: Int32

        public init(_ descriptor: Int32, asNumber number: Int32) {
            self.descriptor = descriptor
            self.number = number
        }
    }

    /// The path of `kernelsup-exec`.
    public var helperPath: String
    /// The program, an absolute path.
    public var executable: String
    /// The program's arguments after the first, which is `executable`.
    public var arguments: [String]
    /// "NAME=value" each, exactly what the program gets.
    public var environment: [String]
    /// nil: this process's own.
    public var workingDirectory: String?
    public var inheritedDescriptors: [InheritedDescriptor]
    /// nil: /dev/null.
    public var standardInput: Int32?
    /// nil: /dev/null.
    public var standardOutput: Int32?
    /// nil: /dev/null.
    public var standardError: Int32?
    public var resourceLimits: [ResourceLimit]
    /// Rights that new files of the program do not get.
    public var umask: UInt32
    /// Whether set-user-ID programs lose their power for it and its descendants.
    public var noNewPrivileges: Bool
    /// How eagerly the kernel kills it when memory runs out.
    ///
    /// -1000 (never) to 1000; nil: as this process. A positive score that can't be lowered to, for
    /// want of privileges, stays what it is.
    public var oomScoreAdjust: Int32?
    /// Directory of the control group (version 2) that it joins; nil: this process's own.
    public var controlGroup: String?
    /// Who the program runs as; nil: as this process.
    public var user: UserIdentity?

    public init(
        helperPath: String,
        executable: String,
        arguments: [String] = [],
        environment: [String] = [],
        workingDirectory: String? = nil,
        inheritedDescriptors: [InheritedDescriptor] = [],
        standardInput: Int32? = nil,
        standardOutput: Int32? = nil,
        standardError: Int32? = nil,
        resourceLimits: [ResourceLimit] = [],
        umask: UInt32 = 0o077,
        noNewPrivileges: Bool = true,
        oomScoreAdjust: Int32? = nil,
        controlGroup: String? = nil,
        user: UserIdentity? = nil
    ) {
        self.helperPath = helperPath
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.inheritedDescriptors = inheritedDescriptors
        self.standardInput = standardInput
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.resourceLimits = resourceLimits
        self.umask = umask
        self.noNewPrivileges = noNewPrivileges
        self.oomScoreAdjust = oomScoreAdjust
        self.controlGroup = controlGroup
        self.user = user
    }
}
