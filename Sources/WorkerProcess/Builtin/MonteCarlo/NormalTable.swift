internal import Glibc

/// Normal random numbers from 32 random bits, the same on every device bit by bit.
///
/// The built-in `log`, `cos` and even division of OpenCL may differ in their last bits from device
/// to device. So the device only looks up a polynomial and evaluates it with multiplications and
/// additions, which are rounded exactly everywhere, and the table is made here.
///
/// One bit is the sign. The others are a probability p in 0..<1/2, whose quantile is found by
/// octave (the leading zeros of p) and by one of 16 equal parts of the octave, each with a cubic:
/// the quantile grows ever steeper towards 0, and the octaves keep up with it. The division is the
/// one of Lee, Luk, Villasenor and Cheung, "A Gaussian Noise Generator for Hardware-Based
/// Simulations", IEEE Transactions on Computers 53(12), 2004, section 3.
enum NormalTable {
    static let octaves = 32
    static let parts = 16

    /// No number is further from 0 than this: the quantile of the smallest p, 2^-33.
    static let limit = 6.5

    /// The cubic of each octave's part, lowest coefficient first, in t from 0 to 1.
    static let coefficients: [SIMD4<Float>] = (0..<octaves * parts).map { entry in
        let octave = entry / parts
        let part = Double(entry % parts)
        return cubic { t in
            let p = (0.5 + (part + t) / Double(2 * parts)) * scalbn(1.0, -(octave + 1))
            return -NormalDistribution.quantile(p)
        }
    }

    /// The number that `bits` stand for, as the device computes it.
    static func number(_ bits: UInt32) -> Float {
        let odd = bits << 1 | 1
        let octave = odd.leadingZeroBitCount
        let shifted = odd << UInt32(octave)
        let c = coefficients[octave * parts + Int(shifted >> 27 & 15)]
        let t = Float((shifted & 0x07FF_FFFF) >> 3) * 0x1p-24
        let quantile = ((c.w * t + c.z) * t + c.y) * t + c.x
        return bits >> 31 == 0 ? -quantile : quantile
    }

    static let source = """
        float normal(uint bits, __global const float4 *table)
        {
            uint odd = bits << 1 | 1, octave = clz(odd), shifted = odd << octave;
            float4 c = table[octave * 16 + (shifted >> 27 & 15)];
            float t = convert_float((shifted & 0x07FFFFFFu) >> 3) * 0x1p-24f;
            float quantile = ((c.w * t + c.z) * t + c.y) * t + c.x;
            return bits >> 31 ? quantile : -quantile;
        }

        """

    /// The cubic through four Chebyshev points of 0...1, by divided differences.
    private static func cubic(_ function: (Double) -> Double) -> SIMD4<Float> {
        let x = (0..<4).map { 0.5 - 0.5 * cos(Double.pi * (2 * Double($0) + 1) / 8) }
        var d = x.map(function)
        for order in 1..<4 {
            for i in stride(from: 3, through: order, by: -1) {
                d[i] = (d[i] - d[i - 1]) / (x[i] - x[i - order])
            }
        }
        // Newton's form, multiplied out from the highest point down.
        var c: [Double] = [d[3], 0, 0, 0]
        for i in stride(from: 2, through: 0, by: -1) {
            for power in stride(from: 3, through: 1, by: -1) {
                c[power] = c[power - 1] - x[i] * c[power]
            }
            c[0] = d[i] - x[i] * c[0]
        }
        return SIMD4(Float(c[0]), Float(c[1]), Float(c[2]), Float(c[3]))
    }
}
