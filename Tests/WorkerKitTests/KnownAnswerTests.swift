import SupervisionKit
import SupervisionWire
import Testing

@testable import WorkerKit

/// What a comparison with a known answer takes for right.
@Suite struct KnownAnswerTests {
    private func expected<Element: TensorElement>(
        _ elements: [Element],
        tolerance: Double = 0
    ) -> KnownAnswer.Output {
        .init(name: "y", shape: [UInt64(elements.count)], elements: elements, tolerance: tolerance)
    }

    private func found<Element: TensorElement>(_ elements: [Element]) -> OutputTensor {
        OutputTensor(name: "y", shape: [UInt64(elements.count)], elements: elements)
    }

    @Test func `equal elements of any type are right`() {
        #expect(expected([1, 2] as [UInt64]).difference(from: found([1, 2] as [UInt64])) == nil)
        #expect(expected([-1] as [Int8]).difference(from: found([-1] as [Int8])) == nil)
        let special = [Double.nan, .infinity, -0.0]
        #expect(expected(special).difference(from: found([.nan, .infinity, 0.0])) == nil)
    }

    @Test func `the first wrong element is named with both values`() {
        #expect(
            expected([1, 2, 3] as [Int32]).difference(from: found([1, 5, 6] as [Int32]))
                == "element 1 of 'y' is 5, expected 2"
        )
        #expect(
            expected([0.5] as [Float], tolerance: 1e-3).difference(from: found([0.6] as [Float]))
                == "element 0 of 'y' is 0.6, expected 0.5 within 0.001"
        )
    }

    @Test func `a tolerance is a share of large numbers and a distance of small ones`() {
        let output = expected([1000, 0.001] as [Double], tolerance: 0.01)
        #expect(output.difference(from: found([1009, 0.010])) == nil)
        #expect(output.difference(from: found([1011, 0.001])) != nil)
        #expect(output.difference(from: found([1000, 0.012])) != nil)
    }

    @Test func `a tolerance covers no infinity, no NaN and no integer`() {
        for wrong in [Double.nan, .infinity] {
            #expect(expected([1.0], tolerance: 1).difference(from: found([wrong])) != nil)
            #expect(expected([wrong], tolerance: 1).difference(from: found([1.0])) != nil)
        }
        #expect(
            expected([10] as [UInt8], tolerance: 1).difference(from: found([11] as [UInt8])) != nil
        )
    }

    @Test func `another type or shape is wrong`() {
        #expect(
            expected([1] as [Float]).difference(from: found([1, 2] as [Float]))
                == "'y' is f32[2], expected f32[1]"
        )
        #expect(
            expected([1] as [Float]).difference(from: found([1] as [Double]))
                == "'y' is f64[1], expected f32[1]"
        )
    }
}
