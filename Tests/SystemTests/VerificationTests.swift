import Testing

@Suite("Nothing unverified reaches Redis")
struct VerificationTests {
    @Test("What the signature does not cover leaves no key behind", arguments: DoorCase.unsigned + DoorCase.unusable)
    func leavesNothing(_ row: DoorCase) async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            try await gateway.accept(SignedEvent())
            try await email.waitForRequests(1)
            try await eventually("the delivery is settled") { try await redis.pending() == 0 }
            let keys = try await redis.keys()
            let response = try await gateway.send(row.request())
            #expect(response.status == 400)
            #expect(try await redis.keys() == keys)
            #expect(try await redis.size() == keys.count)
            #expect(email.requests.count == 1)
        }
    }

    @Test("A refused event is accepted when it comes with the right signature")
    func notClaimed() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            let event = SignedEvent()
            var forged = try event.request()
            forged["svix-signature"] = "v1,bm90IHRoZSByaWdodCBzaWduYXR1cmU="
            #expect(try await gateway.send(forged).status == 400)
            try await gateway.accept(event)
        }
    }

    @Test("Every secret of a source is accepted, and none of another source")
    func rotation() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let old = "whsec_b2xkLXNpZ25pbmcta2V5LW9mLXRoZS10ZXN0cw=="
            let other = "whsec_b3RoZXItc2lnbmluZy1rZXktb2YtdGhlLXRlc3Rz"
            let setup = Setup(redis: redis, destinations: [.init("email", email)])
            let yaml = stage.yaml(setup)
                .replacing(
                    #"secrets: ["\#(SignedEvent.secret)"] }"#,
                    with: #"secrets: ["\#(SignedEvent.secret)", "\#(old)"] }"#
                        + "\n  other: { path: /webhooks/other, secrets: [\"\(other)\"] }")
            let gateway = try await stage.gateway(yaml: yaml)
            #expect(try await gateway.send(SignedEvent().request(secret: old)).status == 202)
            #expect(try await gateway.send(SignedEvent().request()).status == 202)
            #expect(try await gateway.send(SignedEvent().request(secret: other)).status == 400)
            var request = try SignedEvent().request(secret: other)
            request.target = "/webhooks/other"
            #expect(try await gateway.send(request).status == 202)
        }
    }

    @Test("The same id of two sources is two events")
    func sourcesApart() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let setup = Setup(redis: redis, destinations: [.init("email", email)])
            let yaml = stage.yaml(setup)
                .replacing(
                    "destinations:",
                    with: "  other: { path: /webhooks/other, secrets: [\"\(SignedEvent.secret)\"] }\ndestinations:")
            let gateway = try await stage.gateway(yaml: yaml)
            let event = SignedEvent()
            try await gateway.accept(event)
            var request = try event.request()
            request.target = "/webhooks/other"
            #expect(try await gateway.send(request).status == 202)
            let requests = try await email.waitForRequests(2)
            #expect(Set(requests.map { $0.headers.first(name: "oncegate-source") }) == ["clerk", "other"])
        }
    }
}
