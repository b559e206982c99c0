import ControlProtocol
import Testing

/// The description is text, the values are code: this reads the text and compares the two, so that
/// a field that is added to one and not to the other is noticed.
@Suite struct InterfaceDescriptionTests {
    /// Field names of `type Name (…)` in the description, sorted.
    private func fields(of type: String) throws -> [String] {
        let lines = SupervisorInterface.description.split(separator: "\n").map(String.init)
        let start = try #require(lines.firstIndex(of: "type \(type) ("))
        let end = try #require(lines[start...].firstIndex(of: ")"))
        return lines[start + 1..<end]
            .filter { !$0.contains("#") }
            .compactMap { $0.split(separator: ":").first.map { $0.filter { $0 != " " } } }
            .sorted()
    }

    /// Keys on top of an encoded value, sorted as the encoder writes them.
    private func keys(of value: some Encodable) throws -> [String] {
        var depth = 0
        var names: [String] = []
        var current: String?
        for byte in try ControlCoding.encode(value) {
            let character = Character(UnicodeScalar(byte))
            if let name = current {
                if character == "\"" {
                    if depth == 1 { names.append(name) }
                    current = nil
                } else {
                    current = name + String(character)
                }
                continue
            }
            switch character {
            case "{", "[": depth += 1
            case "}", "]": depth -= 1
            case "\"": current = ""
            case ":" where depth == 1: names.append(":")
            default: break
            }
        }
        let marked = names.indices.filter { $0 > 0 && names[$0] == ":" }
        return marked.map { names[$0 - 1] }
    }

    @Test func `lists exactly the fields that are encoded`() throws {
        #expect(try fields(of: "Status") == keys(of: Samples.status))
        #expect(try fields(of: "Configuration") == keys(of: Samples.status.configuration))
        #expect(try fields(of: "Calls") == keys(of: Samples.status.calls))
        #expect(try fields(of: "Sockets") == keys(of: Samples.status.sockets))
        #expect(try fields(of: "KernelStatus") == keys(of: Samples.down))
        #expect(try fields(of: "SlotStatus") == keys(of: Samples.down.slots[0]))
        #expect(try fields(of: "StuckProcess") == keys(of: Samples.stuck))
        #expect(try fields(of: "ResilienceStatus") == keys(of: Samples.resilience))
        #expect(try fields(of: "BreakerStatus") == keys(of: Samples.resilience.breakers[0]))
        #expect(try fields(of: "NextAction") == keys(of: Samples.next))
        #expect(try fields(of: "Health") == keys(of: Samples.health))
        #expect(try fields(of: "Component") == keys(of: Samples.health.components[0]))
        #expect(try fields(of: "Totals") == keys(of: Samples.health.totals))
        #expect(try fields(of: "Kernel") == keys(of: Samples.kernels[0]))
        let explanation = Samples.explanation
        #expect(try fields(of: "Explanation") == keys(of: explanation))
        #expect(try fields(of: "Limit") == keys(of: explanation.limits[0]))
        #expect(try fields(of: "ExpectedAction") == keys(of: explanation.next[1]))
        #expect(try fields(of: "Advice") == keys(of: explanation.advice[0]))
        #expect(try fields(of: "LastWords") == keys(of: explanation.saidLast[0]))
        #expect(try fields(of: "Line") == keys(of: explanation.saidLast[0].lines[0]))
        #expect(try fields(of: "OutputAccount") == keys(of: explanation.output[0]))
        #expect(try fields(of: "Events") == keys(of: explanation.events))
        #expect(try fields(of: "Event") == keys(of: explanation.events.list[0]))
        #expect(try fields(of: "Argument") == keys(of: Samples.kernels[0].arguments[0]))
    }

    @Test func `lists exactly the words of each closed set`() {
        func words<Word: CaseIterable & RawRepresentable<String>>(_ type: Word.Type) -> String {
            "(" + type.allCases.map(\.rawValue).joined(separator: ", ") + ")"
        }
        let text = SupervisorInterface.description
        #expect(text.contains("state: \(words(SlotState.self))"))
        #expect(text.contains("state: \(words(KernelState.self))"))
        #expect(text.contains("state: \(words(BreakerStatus.State.self))"))
        #expect(text.contains("override: \(words(BreakerStatus.Override.self))"))
        #expect(text.contains("override: ?\(words(BreakerStatus.Override.self))"))
        #expect(text.contains("alert: \(words(AlertState.self))"))
        #expect(text.contains("probe: ?\(words(ProbeState.self))"))
        #expect(text.contains("status: \(words(HealthState.self))"))
        #expect(text.contains("state: \(words(Status.Configuration.State.self))"))
        #expect(text.contains("subject: \(words(Explanation.Subject.self))"))
        #expect(text.contains("stream: \(words(Explanation.LastWords.Stream.self))"))
        #expect(text.contains("marks: []\(words(Explanation.LastWords.Mark.self))"))
        #expect(text.contains("direction: \(words(Kernel.Argument.Direction.self))"))
    }
}
