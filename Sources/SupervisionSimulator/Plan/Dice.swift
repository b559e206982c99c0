internal import SupervisionKit

/// Draws in words: every choice of the made-up world comes from one of these.
extension SplitMix64 {
    /// A generator for one thing, such as the third process of slot 2, that doesn't depend on what
    /// else is drawn.
    init(seed: UInt64, _ first: Int, _ second: Int = 0) {
        var mixer = SplitMix64(seed: seed ^ UInt64(truncatingIfNeeded: first) &* 0x9E37_79B9)
        let mixed = mixer.next()
        self.init(seed: mixed ^ UInt64(truncatingIfNeeded: second) &* 0xC2B2_AE3D)
    }

    mutating func chance(_ percent: Double) -> Bool {
        Double.random(in: 0..<100, using: &self) < percent
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &self)
    }

    mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int64(number(range)))
    }

    /// As many small as large ones, by order of magnitude: half of 1...100 lies below 10.
    mutating func spread(_ range: ClosedRange<Int>) -> Duration {
        var upper = range.upperBound
        while upper > max(range.lowerBound, 1) * 10, chance(50) { upper /= 10 }
        return milliseconds(range.lowerBound...max(range.lowerBound, upper))
    }

    /// One of the entries, each as often as its weight says.
    mutating func one<Value>(of entries: [(weight: Double, value: Value)], or last: Value) -> Value
    {
        var left = Double.random(
            in: 0..<max(entries.reduce(0) { $0 + $1.weight }, 1e-9),
            using: &self
        )
        for (weight, value) in entries {
            if left < weight { return value }
            left -= weight
        }
        return last
    }
}
