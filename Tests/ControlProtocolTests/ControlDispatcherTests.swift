import ControlProtocol
import Testing

@Suite struct ControlDispatcherTests {
    @Test func `says who it is`() {
        #expect(
            reply(to: #"{"method":"org.varlink.service.GetInfo"}"#)
                == #"{"parameters":{"interfaces":["org.kernelsupd.Supervisor","#
                + #""org.varlink.service"],"product":"kernelsupd","url":"","#
                + #""vendor":"kernelsupd","version":"0.1.0"}}"#
        )
    }

    @Test(arguments: [
        (SupervisorInterface.name, SupervisorInterface.description),
        (VarlinkService.name, VarlinkService.description),
    ])
    func `describes its interfaces`(name: String, description: String) throws {
        let request = try ControlCoding.request(
            VarlinkService.getInterfaceDescription,
            parameters: VarlinkService.InterfaceName(interface: name)
        )
        let bytes = try #require(
            ControlDispatcher.dispatch(request.dropLast(), provider: FakeProvider())
        )
        let reply = try ControlCoding.reply(
            bytes.dropLast(),
            as: VarlinkService.InterfaceDescription.self
        )
        #expect(reply.description == description)
    }

    @Test func `answers its methods that read with what the provider says`() throws {
        func ask<Reply: Codable & Sendable>(_ method: String, as: Reply.Type) throws -> Reply {
            let request = try ControlCoding.request(method)
            let bytes = try #require(
                ControlDispatcher.dispatch(request.dropLast(), provider: FakeProvider())
            )
            return try ControlCoding.reply(bytes.dropLast(), as: Reply.self)
        }
        let status = try ask(
            SupervisorInterface.getStatus,
            as: SupervisorInterface.StatusReply.self
        )
        #expect(status.status == Samples.status)
        let health = try ask(
            SupervisorInterface.getHealth,
            as: SupervisorInterface.HealthReply.self
        )
        #expect(health.health == Samples.health)
        let kernels = try ask(
            SupervisorInterface.listKernels,
            as: SupervisorInterface.KernelsReply.self
        )
        #expect(kernels.kernels == Samples.kernels)
    }

    @Test(arguments: [
        (
            #"{"method":"org.kernelsupd.Supervisor.GetHealth","parameters":{"component":"x"}}"#,
            #"{"error":"org.kernelsupd.Supervisor.NoSuchComponent","#
                + #""parameters":{"name":"x","nearest":["finance/var"]}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.GetHealth","parameters":{"component":1}}"#,
            #"{"error":"org.varlink.service.InvalidParameter","#
                + #""parameters":{"parameter":"component"}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.GetHealth","parameters":{"kernel":"x"}}"#,
            #"{"error":"org.varlink.service.InvalidParameter","#
                + #""parameters":{"parameter":"kernel"}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.GetStatus","parameters":{"all":true}}"#,
            #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"all"}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.Explode"}"#,
            #"{"error":"org.varlink.service.MethodNotFound","#
                + #""parameters":{"method":"org.kernelsupd.Supervisor.Explode"}}"#
        ),
        (
            #"{"method":"com.example.Ping"}"#,
            #"{"error":"org.varlink.service.InterfaceNotFound","#
                + #""parameters":{"interface":"com.example"}}"#
        ),
        (
            #"{"method":"org.varlink.service.GetInterfaceDescription","#
                + #""parameters":{"interface":"com.example"}}"#,
            #"{"error":"org.varlink.service.InterfaceNotFound","#
                + #""parameters":{"interface":"com.example"}}"#
        ),
        (
            #"{"method":"org.varlink.service.GetInterfaceDescription"}"#,
            #"{"error":"org.varlink.service.InvalidParameter","#
                + #""parameters":{"parameter":"interface"}}"#
        ),
        (
            #"{"method":"org.varlink.service.GetInfo","upgrade":true}"#,
            #"{"error":"org.varlink.service.InvalidParameter","#
                + #""parameters":{"parameter":"upgrade"}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.Explain","parameters":{"component":"x"}}"#,
            #"{"error":"org.kernelsupd.Supervisor.NoSuchComponent","#
                + #""parameters":{"name":"x","nearest":["finance/var"]}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.Explain"}"#,
            #"{"error":"org.varlink.service.InvalidParameter","#
                + #""parameters":{"parameter":"component"}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.SetBreaker","parameters":{"kernel":"x"}}"#,
            #"{"error":"org.kernelsupd.Supervisor.NoSuchComponent","#
                + #""parameters":{"name":"x","nearest":["finance/var"]}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.SetBreaker"}"#,
            #"{"error":"org.varlink.service.InvalidParameter","#
                + #""parameters":{"parameter":"kernel"}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.SetBreaker","#
                + #""parameters":{"kernel":"finance/var","override":"ajar"}}"#,
            #"{"error":"org.varlink.service.InvalidParameter","#
                + #""parameters":{"parameter":"override"}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.SetBreaker","#
                + #""parameters":{"kernel":"finance/var","slot":0}}"#,
            #"{"error":"org.varlink.service.InvalidParameter","#
                + #""parameters":{"parameter":"slot"}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.Acknowledge","#
                + #""parameters":{"component":"x"}}"#,
            #"{"error":"org.kernelsupd.Supervisor.NoSuchComponent","#
                + #""parameters":{"name":"x","nearest":["finance/var"]}}"#
        ),
        (
            #"{"method":"org.kernelsupd.Supervisor.Acknowledge"}"#,
            #"{"error":"org.varlink.service.InvalidParameter","#
                + #""parameters":{"parameter":"component"}}"#
        ),
    ])
    func `refuses with the standard's errors`(request: String, answer: String) {
        #expect(reply(to: request) == answer)
    }

    @Test(arguments: ["", "{", "[]", "null", "{}", #"{"method":7}"#, "\u{FEFF}", "helo"])
    func `says what is wrong with what is no request`(request: String) throws {
        let text = try #require(reply(to: request))
        #expect(text.hasPrefix(#"{"error":"org.kernelsupd.Supervisor.MalformedRequest""#))
        #expect(text.contains("a request is a JSON object with a method: "))
    }

    @Test func `answers a oneway request with silence, also a wrong one`() {
        #expect(reply(to: #"{"method":"org.varlink.service.GetInfo","oneway":true}"#) == nil)
        #expect(reply(to: #"{"method":"com.example.Ping","oneway":true}"#) == nil)
        #expect(
            reply(to: #"{"method":"com.example.Ping","oneway":true,"upgrade":true}"#) == nil
        )
    }

    @Test func `reports a number that JSON can't carry instead of failing`() {
        struct Wild: ControlProvider {
            func status() -> Status {
                var status = Samples.status
                status.uptime = .infinity
                return status
            }
            func health(component: String?) -> Result<Health, NoSuchComponent> {
                .success(Samples.health)
            }
            func kernels() -> [Kernel] { [] }
            func explanation(of component: String) -> Result<Explanation, NoSuchComponent> {
                .success(Samples.explanation)
            }
            var mayChange: Bool { false }
            func setBreaker(
                kernel: String,
                to override: BreakerStatus.Override?
            ) -> Result<KernelStatus, NoSuchComponent> { .success(Samples.down) }
            func acknowledge(component: String) -> Result<Acknowledgement, NoSuchComponent> {
                .success(Samples.acknowledgement)
            }
        }
        let bytes = ControlDispatcher.dispatch(
            Array(#"{"method":"org.kernelsupd.Supervisor.GetStatus"}"#.utf8),
            provider: Wild()
        )
        #expect(
            bytes.map { String(decoding: $0, as: UTF8.self) }
                == #"{"error":"org.kernelsupd.Supervisor.NotRepresentable","#
                + #""parameters":{"message":"a number of the answer is not finite"}}"# + "\0"
        )
    }

    @Test func `survives ten thousand corrupted requests`() {
        let seed =
            #"{"method":"org.kernelsupd.Supervisor.GetHealth","#
            + #""parameters":{"component":"finance/var"},"oneway":false}"#
        var random = SplitMix(seed: 42)
        for _ in 0..<10_000 {
            var bytes = Array(seed.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
                }
            }
            let reply = ControlDispatcher.dispatch(bytes, provider: FakeProvider())
            #expect(reply == nil || reply?.last == 0)
        }
    }
}

/// A seeded generator.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
