/// A setting that `false` turns off.
package enum Switchable<Value: Hashable & Sendable>: Hashable, Sendable {
    case off
    case on(Value)

    package var value: Value? {
        switch self {
        case .off: nil
        case .on(let value): value
        }
    }
}

/// Values in whose place `false` may stand.
extension TableReader {
    package func numberOrFalse(
        _ key: String,
        in range: ClosedRange<Double>
    ) -> Switchable<Double>? {
        switchable(key, "a number or false") { number(key, in: range) }
    }

    package func durationOrFalse(
        _ key: String,
        in range: ClosedRange<Duration>
    ) -> Switchable<Duration>? {
        switchable(key, "a duration or false") { duration(key, in: range) }
    }

    private func switchable<Value>(
        _ key: String,
        _ wants: String,
        _ read: () -> Value?
    ) -> Switchable<Value>? {
        guard let node = node(key) else { return nil }
        guard case .boolean(let isOn) = node.value else { return read().map { .on($0) } }
        guard !isOn else {
            error(at: node.span, "`\(key)` wants \(wants), this is true")
            return nil
        }
        return .off
    }
}
