import Testing

@testable import SupervisionKit

@Suite struct CallIndexTests {
    @Test func `finds what was added, and nothing else`() {
        var index = CallIndex()
        #expect(index[0] == nil)
        index.insert(7, as: 0)
        index.insert(8, as: .max)
        #expect(index[0] == 7)
        #expect(index[.max] == 8)
        #expect(index[1] == nil)
        #expect(index.count == 2)
        #expect(index.calls == [7, 8])
    }

    @Test func `an id that is added again names the newer call`() {
        var index = CallIndex()
        index.insert(1, as: 5)
        index.insert(2, as: 5)
        #expect(index[5] == 2)
        #expect(index.count == 1)
    }

    @Test func `removing what is not there changes nothing`() {
        var index = CallIndex()
        index.remove(1)
        index.insert(1, as: 5)
        index.remove(6)
        #expect(index[5] == 1)
        #expect(index.count == 1)
    }

    /// Multiples of the hash factor's inverse: their home is one and the same place, so that each
    /// removal leaves a hole in a run.
    @Test func `ids that collide are all found, whichever of them has gone`() {
        let colliding = (0..<6).map { UInt64($0) &* 0xF1DE_83E1_9937_733D }
        for gone in colliding.indices {
            var index = CallIndex()
            for (call, id) in colliding.enumerated() { index.insert(call, as: id) }
            index.remove(colliding[gone])
            let found = colliding.map { index[$0] }
            #expect(found == colliding.indices.map { $0 == gone ? nil : $0 })
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `does as a dictionary does`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var index = CallIndex()
        var model: [UInt64: Int] = [:]
        // Forty that spread, and forty that collide.
        let ids =
            (0..<40).map { UInt64($0) }
            + (1...40).map { UInt64($0) &* 0xF1DE_83E1_9937_733D }
        for step in 0..<20_000 {
            let id = ids[Int.random(in: ids.indices, using: &random)]
            if Bool.random(using: &random) {
                index.insert(step, as: id)
                model[id] = step
            } else {
                index.remove(id)
                model[id] = nil
            }
            #expect(index.count == model.count)
            #expect(index[id] == model[id])
        }
        #expect(ids.map { index[$0] } == ids.map { model[$0] })
        #expect(index.calls == model.values.sorted())
    }
}
