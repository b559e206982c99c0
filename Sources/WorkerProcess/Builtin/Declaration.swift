internal import SupervisionWire

/// Short forms for the built-in kernels' declarations.
extension KernelSignature.Argument {
    static func input(
        _ name: String,
        _ type: ElementType,
        _ shape: [String],
        _ documentation: String
    ) -> Self {
        Self(
            name: name,
            direction: .input,
            type: type,
            shape: shape,
            documentation: documentation
        )
    }

    /// A scalar input; without a default it is required.
    static func scalar(
        _ name: String,
        _ type: ElementType,
        _ defaultValue: String?,
        _ range: String,
        _ documentation: String
    ) -> Self {
        Self(
            name: name,
            direction: .input,
            type: type,
            shape: [],
            defaultValue: defaultValue,
            range: range,
            documentation: documentation
        )
    }

    static func output(
        _ name: String,
        _ type: ElementType,
        _ shape: [String],
        _ documentation: String
    ) -> Self {
        Self(
            name: name,
            direction: .output,
            type: type,
            shape: shape,
            documentation: documentation
        )
    }
}
