/// The counter-based random numbers of Philox 4x32-10: a number is a function of its place, so that
/// any item of any device makes the same ones in any order.
///
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011,
/// section 3.3. `source` is the same function in OpenCL C.
enum Philox {
    /// The four numbers at `counter` in the stream of `seed`.
    static func numbers(at counter: SIMD4<UInt32>, seed: UInt64) -> SIMD4<UInt32> {
        var words = counter
        var key = SIMD2<UInt32>(UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32))
        for _ in 0..<10 {
            let first = UInt64(0xD251_1F53) * UInt64(words.x)
            let second = UInt64(0xCD9E_8D57) * UInt64(words.z)
            words = SIMD4(
                UInt32(second >> 32) ^ words.y ^ key.x,
                UInt32(truncatingIfNeeded: second),
                UInt32(first >> 32) ^ words.w ^ key.y,
                UInt32(truncatingIfNeeded: first)
            )
            key = key &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return words
    }

    /// A number in 0..<1 with 53 bits.
    static func uniform(at place: UInt32, seed: UInt64) -> Double {
        let words = numbers(at: SIMD4(place, 0, 0, 0), seed: seed)
        let bits = UInt64(words.x) << 32 | UInt64(words.y)
        return Double(bits >> 11) * 0x1p-53
    }

    static let source = """
        uint4 philox(uint4 words, uint2 key)
        {
            for (int round = 0; round < 10; round++) {
                uint high0 = mul_hi(0xD2511F53u, words.x), low0 = 0xD2511F53u * words.x;
                uint high1 = mul_hi(0xCD9E8D57u, words.z), low1 = 0xCD9E8D57u * words.z;
                words = (uint4)(high1 ^ words.y ^ key.x, low1, high0 ^ words.w ^ key.y, low0);
                key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
            }
            return words;
        }

        """
}
