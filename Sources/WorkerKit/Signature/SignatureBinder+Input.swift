internal import SupervisionWire

extension SignatureBinder.Input {
    /// Reads one declared input.
    init(_ argument: KernelSignature.Argument, place: String) throws(StartFailure) {
        self.argument = argument
        dimensions = try Self.dimensions(of: argument, place: place)
        range = try Self.range(of: argument, place: place)
        guard let text = argument.defaultValue else {
            defaultBytes = nil
            return
        }
        guard argument.shape.isEmpty else {
            throw .configuration("\(place) has a default, which only a scalar can have")
        }
        guard let value = ScalarValue(parsing: text, type: argument.type) else {
            throw .configuration("\(place): the default '\(text)' is no \(argument.type.name)")
        }
        if let range, !range.contains(value) {
            throw .configuration("\(place): the default \(text) is outside \(range.text)")
        }
        defaultBytes = value.bytes(as: argument.type)
    }

    /// Type and shape as they are declared: `u32[n+1]`, `f32` for a scalar.
    var form: String {
        Self.form(argument.type, argument.shape)
    }

    static func form(_ type: ElementType, _ shape: [String]) -> String {
        shape.isEmpty ? type.name : "\(type.name)[\(shape.joined(separator: ", "))]"
    }

    static func dimensions(
        of argument: KernelSignature.Argument,
        place: String
    ) throws(StartFailure) -> [SizeExpression] {
        guard argument.shape.count <= Limits.maxRank else {
            throw .configuration(
                "\(place) has \(argument.shape.count) dimensions, at most \(Limits.maxRank)"
            )
        }
        return try argument.shape.map { text throws(StartFailure) in
            do {
                return try SizeExpression(parsing: text)
            } catch {
                throw .configuration("\(place): size '\(text)', \(error)")
            }
        }
    }

    private static func range(
        of argument: KernelSignature.Argument,
        place: String
    ) throws(StartFailure) -> ValueRange? {
        guard !argument.range.isEmpty else { return nil }
        guard argument.shape.isEmpty else {
            throw .configuration("\(place) has a range, which only a scalar can have")
        }
        guard let range = ValueRange(parsing: argument.range, type: argument.type) else {
            throw .configuration(
                "\(place): '\(argument.range)' is no range; write 0..<1, 0...1, 1... or ...5"
            )
        }
        return range
    }
}
