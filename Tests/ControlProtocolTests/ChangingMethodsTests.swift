import ControlProtocol
import Testing

@Suite struct ChangingMethodsTests {
    private func ask<Reply: Codable & Sendable>(
        _ method: String,
        _ parameters: some Codable & Sendable,
        as: Reply.Type
    ) throws -> Reply {
        let request = try ControlCoding.request(method, parameters: parameters)
        let bytes = try #require(
            ControlDispatcher.dispatch(request.dropLast(), provider: FakeProvider())
        )
        return try ControlCoding.reply(bytes.dropLast(), as: Reply.self)
    }

    @Test(arguments: [nil] + BreakerStatus.Override.allCases)
    func `sets each word of a breaker, and none`(override: BreakerStatus.Override?) throws {
        let reply = try ask(
            SupervisorInterface.setBreaker,
            SupervisorInterface.BreakerParameters(kernel: "finance/var", override: override),
            as: SupervisorInterface.BreakerReply.self
        )
        #expect(reply.kernel.resilience.breakers.map(\.override) == [override ?? .none])
    }

    @Test func `takes an override of null for none given`() {
        let request =
            #"{"method":"org.kernelsupd.Supervisor.SetBreaker","#
            + #""parameters":{"kernel":"finance/var","override":null}}"#
        #expect(reply(to: request)?.contains(#""override":"none""#) == true)
    }

    @Test func `explains, to those too who may not change anything`() throws {
        let request = try ControlCoding.request(
            SupervisorInterface.explain,
            parameters: SupervisorInterface.ComponentName(component: "finance/var")
        )
        let bytes = try #require(
            ControlDispatcher.dispatch(
                request.dropLast(),
                provider: FakeProvider(mayChange: false)
            )
        )
        let reply = try ControlCoding.reply(
            bytes.dropLast(),
            as: SupervisorInterface.ExplanationReply.self
        )
        #expect(reply.explanation == Samples.explanation)
    }

    @Test func `acknowledges an alert`() throws {
        let answer = try ask(
            SupervisorInterface.acknowledge,
            SupervisorInterface.ComponentName(component: "finance"),
            as: Acknowledgement.self
        )
        #expect(answer == Samples.acknowledgement)
    }

    @Test(arguments: [
        #"{"method":"org.kernelsupd.Supervisor.SetBreaker","#
            + #""parameters":{"kernel":"finance/var","override":"forced_open"}}"#,
        #"{"method":"org.kernelsupd.Supervisor.SetBreaker","parameters":{"kernel":"x"}}"#,
        #"{"method":"org.kernelsupd.Supervisor.Acknowledge","#
            + #""parameters":{"component":"finance"}}"#,
    ])
    func `lets nobody change anything who may not`(request: String) {
        #expect(
            reply(to: request, mayChange: false)
                == #"{"error":"org.kernelsupd.Supervisor.PermissionDenied","#
                + #""parameters":{"message":"only root and the daemon's user may change this"}}"#
        )
    }

    @Test func `lets everybody read who may ask`() {
        let request = #"{"method":"org.kernelsupd.Supervisor.GetStatus"}"#
        #expect(reply(to: request, mayChange: false) == reply(to: request))
    }
}
