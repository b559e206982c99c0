internal import Glibc
internal import SupervisionKit
internal import WorkerKit

/// A portfolio whose returns are jointly normal, found to be one before a device sees it.
///
/// A path's loss is −p·(μ + Lz) with covariance LLᵀ and independent normal z, that is
/// −p·μ − (Lᵀp)·z: the weights Lᵀp are taken here once instead of L on every path.
struct Portfolio {
    /// Assets at most: the decomposition grows with the cube.
    static let maxAssets = 1024

    /// Loss without chance, −p·μ.
    let drift: Double
    /// What each independent normal number adds to the loss, in units of 2^`exponent`: their
    /// sizes times the largest number that there is sum to at most 1.
    let weights: [Float]
    let exponent: Int

    var assetCount: Int { weights.count }

    /// - Throws: `.invalidArgument` when a number is not finite, or the covariance is not
    ///   symmetric and positive definite.
    init(
        positions: UnsafeBufferPointer<Float>,
        mean: UnsafeBufferPointer<Float>,
        covariance: UnsafeBufferPointer<Float>
    ) throws(KernelFailure) {
        let count = positions.count
        guard (1...Portfolio.maxAssets).contains(count) else {
            throw Portfolio.invalid("'positions' has \(count) assets, allowed is 1...1024")
        }
        try Portfolio.checkFinite(positions, "positions")
        try Portfolio.checkFinite(mean, "mean")
        try Portfolio.checkFinite(covariance, "covariance")
        try Portfolio.checkSymmetry(covariance, count)
        drift = -zip(positions, mean).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        let factor = try Portfolio.cholesky(covariance, count)
        let exact = (0..<count).map { column in
            (column..<count).reduce(0.0) { sum, row in
                sum - factor[row * count + column] * Double(positions[row])
            }
        }
        let bound = exact.reduce(0.0) { $0 + abs($1) } * NormalTable.limit
        guard bound.isFinite else {
            throw Portfolio.invalid("'positions' and 'covariance' make losses without bound")
        }
        // A little room, since rounding to Float may take the sum of the weights above 1.
        let exponent = bound > 0 ? Int(Glibc.ilogb(bound * 1.001)) + 1 : 0
        self.exponent = exponent
        weights = exact.map { Portfolio.withoutDust(scalbn($0, -exponent)) }
    }

    /// Weights too small to move a sum of this size are zero, so that no product on a device falls
    /// among the numbers that some devices flush to zero and others don't.
    private static func withoutDust(_ weight: Double) -> Float {
        abs(weight) < 0x1p-60 ? 0 : Float(weight)
    }

    private static func checkFinite(
        _ elements: UnsafeBufferPointer<Float>,
        _ name: String
    ) throws(KernelFailure) {
        guard let place = elements.firstIndex(where: { !$0.isFinite }) else { return }
        throw invalid("element \(place) of '\(name)' is \(elements[place]), it must be finite")
    }

    /// Entries may differ by rounding, relative to the variances that they belong to.
    private static func checkSymmetry(
        _ covariance: UnsafeBufferPointer<Float>,
        _ count: Int
    ) throws(KernelFailure) {
        for row in 0..<count {
            for column in 0..<row {
                let below = Double(covariance[row * count + column])
                let above = Double(covariance[column * count + row])
                let product =
                    Double(covariance[row * count + row])
                    * Double(covariance[column * count + column])
                guard abs(below - above) <= 1e-5 * sqrt(abs(product)) else {
                    throw invalid(
                        "'covariance' is not symmetric: [\(row), \(column)] is \(below), "
                            + "[\(column), \(row)] is \(above)"
                    )
                }
            }
        }
    }

    /// The lower triangle L with LLᵀ = covariance, row by row.
    ///
    /// Source: Golub and Van Loan, "Matrix Computations", section 4.2.5.
    private static func cholesky(
        _ covariance: UnsafeBufferPointer<Float>,
        _ count: Int
    ) throws(KernelFailure) -> [Double] {
        var factor = [Double](repeating: 0, count: count * count)
        for row in 0..<count {
            let variance = Double(covariance[row * count + row])
            for column in 0...row {
                var sum = Double(covariance[row * count + column])
                for inner in 0..<column {
                    sum -= factor[row * count + inner] * factor[column * count + inner]
                }
                guard row == column else {
                    factor[row * count + column] = sum / factor[column * count + column]
                    continue
                }
                guard sum > 1e-9 * variance, variance > 0 else {
                    throw invalid(
                        "'covariance' is not positive definite: asset \(row) "
                            + (variance > 0
                                ? "follows from the ones before it"
                                : "has the variance \(variance)")
                    )
                }
                factor[row * count + row] = sqrt(sum)
            }
        }
        return factor
    }

    private static func invalid(_ problem: String) -> KernelFailure {
        KernelFailure(.invalidArgument, "risk/monte-carlo-var: \(problem)")
    }
}
