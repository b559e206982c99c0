/// The middle value; of an even number, the lower of the two.
///
/// Zero of none.
func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    return values.sorted()[(values.count - 1) / 2]
}

/// The value that this part of the values does not exceed.
func quantile(_ part: Double, of sorted: [Double]) -> Double {
    guard !sorted.isEmpty else { return 0 }
    return sorted[Int(Double(sorted.count - 1) * part)]
}

/// Both sides of a comparison, one value a round.
struct Paired {
    var floor: [Double] = []
    var daemon: [Double] = []

    /// The median of the rounds' ratios, daemon to floor: what the machine did to one round it
    /// did to both of its values.
    var ratio: Double { median(zip(daemon, floor).map { $0 / $1 }) }
}
