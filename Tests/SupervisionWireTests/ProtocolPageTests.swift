import Foundation
import SupervisionKit
import SupervisionWire
import Testing

/// docs/PROTOCOL.md is the contract with other languages, so what it shows is compared with what
/// the code does.
///
/// `KERNELSUP_UPDATE_DOCS=1` writes the dumps anew.
struct ProtocolPageTests {
    @Test func `the hex dumps of the page are what the encoder writes`() throws {
        let golden = try Golden.all()
        var page = try ProtocolPage()
        if ProcessInfo.processInfo.environment["KERNELSUP_UPDATE_DOCS"] == "1" {
            for frame in golden { page.replace(frame.name, with: hexDump(frame.bytes)) }
            try page.text.write(to: ProtocolPage.url, atomically: true, encoding: .utf8)
        }
        let dumps = page.dumps
        #expect(Set(dumps.keys) == Set(golden.map(\.name)))
        for frame in golden {
            #expect(dumps[frame.name] == hexDump(frame.bytes), "block '\(frame.name)'")
        }
    }

    @Test func `the page's frame types are the code's`() throws {
        let rows = try ProtocolPage().table(after: "| type | name | from")
        let expected = FrameType.allCases.map { ["\($0.rawValue)", "\($0)".uppercased()] }
        #expect(rows.map { Array($0.prefix(2)) } == expected)
    }

    @Test func `the page's element types are the code's`() throws {
        let rows = try ProtocolPage().table(after: "| type | name | bytes")
        let expected = ElementType.allCases.map { ["\($0.rawValue)", $0.name, "\($0.size)"] }
        #expect(rows.map { Array($0.prefix(3)) } == expected)
    }

    @Test func `the page's outcomes are the code's`() throws {
        let rows = try ProtocolPage().table(after: "## Outcomes")
        let errors = CallError.allCases.map { ["\($0.rawValue)", $0.name] }
        #expect(rows.map { Array($0.prefix(2)) } == [["0", "result"]] + errors)
    }

    @Test func `the page's executions are the code's`() throws {
        let rows = try ProtocolPage().table(after: "## Executions")
        let expected = Execution.allCases.map { ["\($0.rawValue)", $0.name] }
        #expect(rows.map { Array($0.prefix(2)) } == expected)
    }

    @Test func `the page's limits are the code's`() throws {
        let expected = [
            "bytes of a header": Limits.headerBytes,
            "bytes of a frame": Limits.maxFrameBytes,
            "bytes of inline data in a frame": Limits.maxInlineBytes,
            "bytes of a tensor table entry": Limits.tensorEntryBytes,
            "tensors in a frame": Limits.maxTensors,
            "dimensions of a tensor": Limits.maxRank,
            "bytes of a tensor's or argument's name": Limits.maxTensorNameBytes,
            "bytes of a tensor": Int(Limits.maxTensorBytes),
            "bytes before a tensor in its memfd": Int(Limits.maxTensorBytes),
            "bytes of a kernel's or worker's name": Limits.maxNameBytes,
            "bytes of a message": Limits.maxMessageBytes,
            "bytes of a message about a probe": Limits.maxProbeMessageBytes,
            "descriptors with a frame": Limits.maxDescriptors,
            "kernels of a worker": Limits.maxKernelsPerWorker,
            "arguments of a kernel": Limits.maxArguments,
            "bytes of one size in a declared shape": Limits.shapeBytes.upperBound,
            "calls that a worker takes at once": Int(Limits.maxConcurrency),
            "milliseconds between heartbeats": Int(Limits.maxHeartbeatMilliseconds),
        ]
        let rows = try ProtocolPage().table(after: "## Limits")
        let found = Dictionary(rows.map { ($0[0], Int($0[1]) ?? -1) }) { first, _ in first }
        #expect(found == expected)
    }

    @Test func `every reference to a section of the page leads somewhere`() throws {
        let text = try ProtocolPage().text
        let headings = text.components(separatedBy: "\n").filter { $0.hasPrefix("#") }
        let anchors = headings.map { heading in
            heading.drop { $0 == "#" || $0 == " " }.lowercased()
                .replacingOccurrences(of: " ", with: "-")
        }
        let references = text.components(separatedBy: "](#").dropFirst().map { part in
            String(part.prefix { $0 != ")" })
        }
        #expect(!references.isEmpty)
        #expect(Set(references).subtracting(anchors).isEmpty)
    }
}
