import Testing

@testable import WorkerProcess

@Suite struct RandomNumberTests {
    /// The known answers that the authors of Philox publish with Random123 (kat_vectors).
    @Test func `Philox gives the published numbers`() {
        #expect(
            Philox.numbers(at: SIMD4(0, 0, 0, 0), seed: 0)
                == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)
        )
        #expect(
            Philox.numbers(at: SIMD4(repeating: .max), seed: .max)
                == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
        )
        #expect(
            Philox.numbers(
                at: SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
                seed: 0x299F_31D0_A409_3822
            ) == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
        )
    }

    @Test(arguments: [
        (0.5, 0.0), (0.975, 1.959963984540054), (0.25, -0.6744897501960817),
        (0.001, -3.090232306167813), (1e-20, -9.262340089798408),
    ])
    func `the normal quantile has its known values`(_ p: Double, _ z: Double) {
        #expect(abs(NormalDistribution.quantile(p) - z) < 1e-13 * max(1, abs(z)))
    }

    /// At every octave and part, also at their ends, and for both signs.
    @Test func `the table comes within two millionths of the quantile`() {
        var worst = 0.0
        for octave in 0..<31 {
            for part in 0..<64 as Range<UInt32> {
                let low = UInt32(0x4000_0000) >> UInt32(octave)
                let bits = low &+ UInt32(UInt64(low) * UInt64(part) / 64)
                let p = (Double(bits) + 0.5) * 0x1p-32
                let exact = NormalDistribution.quantile(p)
                worst = max(worst, abs(Double(NormalTable.number(bits)) - exact))
                let mirrored = NormalTable.number(bits | 0x8000_0000)
                #expect(mirrored == -NormalTable.number(bits))
            }
        }
        #expect(worst < 2e-6)
    }

    @Test func `no normal number is beyond the limit`() {
        #expect(abs(Double(NormalTable.number(0))) < NormalTable.limit)
        #expect(abs(Double(NormalTable.number(.max))) < NormalTable.limit)
        #expect(NormalTable.number(0) < -6.2)
    }

    @Test func `uniform numbers lie in 0..<1 and differ by place and seed`() {
        let numbers = (0..<1000).map { Philox.uniform(at: UInt32($0), seed: 7) }
        #expect(numbers.allSatisfy { (0..<1).contains($0) })
        #expect(Set(numbers).count == 1000)
        #expect(Philox.uniform(at: 0, seed: 8) != numbers[0])
    }
}
