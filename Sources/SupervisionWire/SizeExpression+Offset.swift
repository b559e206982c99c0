extension SizeExpression {
    /// The name and the number of an expression that is nothing but a name and a number added to
    /// it or taken from it: `n+1` is n and 1, `1+n` too, `n-1` is n and −1.
    ///
    /// Such a size can be solved for its name: row starts of n rows, `u32[n+1]`, bind n.
    public var offsetName: (name: String, offset: Int64)? {
        guard case .binary(let operation, let left, let right, _) = root else { return nil }
        switch (operation, left, right) {
        case (.add, .name(let name, _), .integer(let offset)),
            (.add, .integer(let offset), .name(let name, _)):
            return (name, offset)
        case (.subtract, .name(let name, _), .integer(let offset)):
            return (name, -offset)
        default:
            return nil
        }
    }
}
