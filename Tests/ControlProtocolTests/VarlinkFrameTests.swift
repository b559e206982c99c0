import ControlProtocol
import Testing

@Suite struct VarlinkFrameTests {
    @Test func `cuts messages at NULs however the stream is split`() throws {
        var random = SplitMix(seed: 7)
        for _ in 0..<300 {
            let messages = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    UInt8.random(in: 1...255, using: &random)
                }
            }
            let stream = messages.flatMap(VarlinkFrame.joined)
            var splitter = VarlinkFrame.Splitter(limit: 40)
            var found: [[UInt8]] = []
            var rest = stream[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                splitter.append(rest.prefix(count))
                rest = rest.dropFirst(count)
                while let message = try splitter.next() { found.append(message) }
            }
            #expect(found == messages)
            #expect(splitter.bufferedBytes == 0)
        }
    }

    @Test func `takes a message of the limit and refuses one byte more, for good`() throws {
        var splitter = VarlinkFrame.Splitter(limit: 10)
        splitter.append([UInt8](repeating: 1, count: 10) + [0])
        #expect(try splitter.next()?.count == 10)
        splitter.append([UInt8](repeating: 1, count: 11))
        #expect(throws: VarlinkFrame.TooLarge(limit: 10)) { try splitter.next() }
        splitter.append([0, 1, 0])
        #expect(throws: VarlinkFrame.TooLarge(limit: 10)) { try splitter.next() }
    }
}
