import ControlProtocol
import Testing

@Suite struct ControlValuesTests {
    private func text(_ value: some Encodable) throws -> String {
        String(decoding: try ControlCoding.encode(value), as: UTF8.self)
    }

    @Test func `writes a health document with sorted keys and null for what is not known`() throws {
        #expect(
            try text(Samples.health)
                == #"{"components":[{"kernel":"finance/var","next":{"action":"start","#
                + #""at":"2026-11-24T14:05:31.000000Z","in_s":18},"reason":"restart_loop","#
                + #""reason_id":"KSUP-R07","resilience":{"alert":"none","breakers":[],"#
                + #""recovery":null,"refused_by_breaker":null,"retries_left":null},"#
                + #""since":"2026-11-24T14:04:50.118204Z","state":"down","#
                + #""why":null}],"format":1,"muted":[],"status":"critical","#
                + #""totals":{"degraded":1,"down":1,"healthy":10,"unknown":0}}"#
        )
    }

    @Test func `writes every field of a healthy kernel, the unknown ones as null`() throws {
        #expect(
            try text(Samples.healthy)
                == #"{"calls":0,"failed":0,"group":"core","in_flight":0,"name":"core/echo","#
                + #""next":null,"queued":0,"reason":null,"reason_id":null,"refused":0,"#
                + #""resilience":{"alert":"none","breakers":[],"recovery":null,"#
                + #""refused_by_breaker":null,"retries_left":null},"#
                + #""restarts":0,"since":"2026-11-24T14:04:50.118204Z","slots":[{"device":null,"#
                + #""heartbeat_age_s":null,"incarnation":1,"last_exit":null,"name":"core/0","#
                + #""pid":null,"probe":null,"probe_why":null,"progress":null,"#
                + #""restarts":0,"role":"active","running_for_s":null,"#
                + #""since":"2026-11-24T14:04:50.118204Z","state":"ready","stuck":null}],"#
                + #""state":"healthy","why":null}"#
        )
    }

    @Test func `writes where a process hangs that does not end`() throws {
        #expect(
            try text(Samples.stuck)
                == #"{"program":"worker","state":"D","wait_channel":"nvidia_poll"}"#
        )
        let unseen = StuckProcess(program: "worker", state: "Z")
        #expect(try text(unseen) == #"{"program":"worker","state":"Z","wait_channel":null}"#)
    }

    @Test func `reads back what it wrote`() throws {
        let status = try ControlCoding.encode(Samples.status)
        #expect(try ControlCoding.decode(Status.self, from: status) == Samples.status)
        let kernels = try ControlCoding.encode(Samples.kernels)
        #expect(try ControlCoding.decode([Kernel].self, from: kernels) == Samples.kernels)
    }

    @Test func `reads an optional field that an older daemon does not know as unknown`() throws {
        let text =
            #"{"name":"a/0","state":"ready","incarnation":1,"restarts":0,"#
            + #""since":"2026-11-24T14:04:50Z"}"#
        let slot = try ControlCoding.decode(SlotStatus.self, from: Array(text.utf8))
        #expect(slot.pid == nil)
        #expect(slot.lastExit == nil)
        let component =
            #"{"kernel":"a","state":"healthy","since":"2026-11-24T14:04:50Z"}"#
        #expect(
            try ControlCoding.decode(Health.Component.self, from: Array(component.utf8)).resilience
                == ResilienceStatus()
        )
    }

    @Test func `writes a breaker with every field`() throws {
        #expect(
            try text(Samples.resilience.breakers)
                == #"[{"calls":5,"consecutive_failures":3,"failures":4,"openings":1,"#
                + #""override":"observe","retry_after_s":18,"#
                + #""since":"2026-11-24T14:04:50.118204Z","slot":"finance/var/0","slow":1,"#
                + #""state":"open","success_rate":0.2,"trials":1,"would_have_refused":2}]"#
        )
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        (Int64.max, "9999-12-31T23:59:59.999999Z"), (Int64.min, "0001-01-01T00:00:00.000000Z"),
    ])
    func `writes instants as RFC 3339 and reads them back`(
        microseconds: Int64,
        text: String
    ) {
        let time = Timestamp(unixMicroseconds: microseconds)
        #expect(time.description == text)
        #expect(Timestamp(rfc3339: text) == time)
    }

    @Test(arguments: [
        "", "2026-11-24", "2026-11-24T14:04:50", "2026-11-24 14:04:50Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T14:60:00Z",
        "2026-11-24T14:04:50.Z", "2026-11-24T14:04:50.12x4Z", "2026-11-24T14:04:50.1234567890Z",
        "0000-01-01T00:00:00Z", "+026-11-24T14:04:50Z", "2026-11-00T14:04:50Z",
    ])
    func `refuses what is no instant in UTC`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `tells a client which error came`() throws {
        func failure(_ text: String) -> ControlError? {
            #expect(throws: ControlError.self) {
                try ControlCoding.reply(Array(text.utf8), as: SupervisorInterface.StatusReply.self)
            }
        }
        #expect(
            failure(
                #"{"error":"org.kernelsupd.Supervisor.NoSuchComponent","#
                    + #""parameters":{"name":"x","nearest":["y"]}}"#
            ) == .noSuchComponent(NoSuchComponent(name: "x", nearest: ["y"]))
        )
        #expect(
            failure(#"{"error":"a.b.C","parameters":{"parameter":"p"}}"#)
                == .refused(error: "a.b.C", detail: "p")
        )
        #expect(failure(#"{"error":"a.b.C"}"#) == .refused(error: "a.b.C", detail: ""))
        #expect(
            failure(#"{"error":"a.b.C","parameters":{"message":3}}"#)
                == .refused(error: "a.b.C", detail: "")
        )
        #expect(failure("{}") == .malformedReply("the reply has no parameters"))
        #expect(
            failure(#"{"parameters":{}}"#) == .malformedReply("'status' is missing at parameters")
        )
    }
}
