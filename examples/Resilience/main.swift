// The resilience patterns around ordinary asynchronous Swift code, without a daemon:
//
//     resilience-examples [breaker | retry | deadline | health | recovery]
//
// Each example is one file that can be read by itself.

let examples: [(name: String, run: () async throws -> Void)] = [
    ("breaker", breakerExample),
    ("retry", retryExample),
    ("deadline", deadlineExample),
    ("health", healthExample),
    ("recovery", recoveryExample),
]

let wanted = CommandLine.arguments.dropFirst()
for name in wanted where !examples.contains(where: { $0.name == name }) {
    print("resilience-examples: there is no example '\(name)'")
}
for example in examples where wanted.isEmpty || wanted.contains(example.name) {
    print("\(example.name):")
    try await example.run()
}
