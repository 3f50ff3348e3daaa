import Testing

@Suite("A configuration that is reloaded")
struct ReloadTests {
    @Test("A new route and a new destination are in force at once; a broken file changes nothing")
    func newRoute() async throws {
        try await Stage.with { stage in
            let (email, crm) = try await (stage.service(), stage.service())
            let redis = try await stage.redis()
            var setup = Setup(
                redis: redis, destinations: [.init("email", email)], routes: ["{ events: [user.*], to: [email] }"])
            let gateway = try await stage.gateway(setup)
            let early = SignedEvent(type: "invoice.paid")
            #expect(try await gateway.post(early).body.contains("ignored"))

            setup.destinations.append(.init("crm", crm))
            setup.routes.append("{ events: [invoice.*], to: [crm] }")
            #expect(try await gateway.reload(stage.yaml(setup)).message == "configuration reloaded")
            let late = SignedEvent(type: "invoice.paid")
            #expect(try await gateway.post(late).body.contains("accepted"))
            try await crm.waitForRequests(1)

            setup.routes.append("{ events: [user.*], to: [nobody] }")
            let refusal = try await gateway.reload(stage.yaml(setup))
            #expect(refusal.message == "configuration refused")
            #expect(refusal.level == "error")
            #expect(refusal["problem"]?.contains("nobody") == true)
            #expect(refusal["problem"]?.contains(/gateway-0\.yaml:\d+:\d+:/) == true)

            #expect(try await gateway.reload("sources: [").message == "configuration refused")
            try await gateway.accept(SignedEvent(type: "invoice.paid"))
            try await gateway.accept(SignedEvent(type: "user.created"))
            #expect(try await crm.waitForRequests(2).map(\.id).contains(late.id))
            try await email.waitForRequests(1)
            #expect(email.requests.count == 1)
        }
    }

    @Test("A destination that is gone gets nothing more; what waited for it is kept until it is back")
    func removedDestination() async throws {
        try await Stage.with { stage in
            let (email, crm) = try await (stage.service(), stage.service(.hold))
            let redis = try await stage.redis()
            let both = Setup(
                redis: redis,
                destinations: [.init("email", email), .init("crm", crm, "concurrency: 1, timeout: 20s")])
            let one = Setup(redis: redis, destinations: [.init("email", email)])
            let gateway = try await stage.gateway(both)
            let events = (0..<3).map { SignedEvent(id: "evt_\($0)") }
            for event in events { try await gateway.accept(event) }
            try await crm.waitForRequests(1)
            #expect(try await gateway.reload(stage.yaml(one)).message == "configuration reloaded")
            crm.answer(.status(200))
            crm.release()
            try await gateway.waitForLog("delivered") { $0["destination"] == "crm" && $0["id"] == "evt_0" }
            try await gateway.accept(SignedEvent(id: "evt_3"))
            try await email.waitForRequests(4)
            #expect(crm.requests.count == 1)
            // The fourth has arrived; that its answer is recorded takes a moment more.
            try await eventually("what is left waits for the one that is gone") { try await redis.pending() == 2 }
            #expect(try await gateway.reload(stage.yaml(both)).message == "configuration reloaded")
            try await crm.waitForRequests(3)
            #expect(crm.requests.compactMap(\.id).sorted() == ["evt_0", "evt_1", "evt_2"])
        }
    }

    @Test("A secret that is replaced is refused from then on")
    func replacedSecret() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let secret = "whsec_bmV3LXNpZ25pbmcta2V5LW9mLXRoZS10ZXN0cw=="
            let yaml = stage.yaml(Setup(redis: redis, destinations: [.init("email", email)]))
            let gateway = try await stage.gateway(yaml: yaml)
            try await gateway.accept(SignedEvent())
            _ = try await gateway.reload(yaml.replacing(SignedEvent.secret, with: secret))
            #expect(try await gateway.post(SignedEvent()).status == 400)
            #expect(try await gateway.send(SignedEvent().request(secret: secret)).status == 202)
        }
    }

    @Test("SIGHUP reads secrets in files again: a rotation from its beginning to its end, and one can see it")
    func rotatedSecretFiles() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let (old, new) = (SignedEvent.secret, "whsec_bmV3LXNpZ25pbmcta2V5LW9mLXRoZS10ZXN0cw==")
            let files = [try stage.file("next", ""), try stage.file("current", old + "\n")]
            let yaml = stage.yaml(Setup(redis: redis, destinations: [.init("email", email)])).replacing(
                "[\"\(SignedEvent.secret)\"]", with: "[\"${file:\(files[0])}\", \"${file:\(files[1])}\"]")
            let gateway = try await stage.gateway(yaml: yaml)
            func matches(_ position: Int) async throws -> Double? {
                try await gateway.metric("oncegate_verified_total{source=\"clerk\",secret=\"\(position)\"}")
            }
            #expect(try await gateway.send(SignedEvent().request(secret: new)).status == 400)
            #expect(try await gateway.send(SignedEvent().request(secret: old)).status == 202)
            #expect(try await matches(0) == nil, "an empty file is no secret yet")
            #expect(try await matches(1) == 1)

            _ = try stage.file("next", new)
            #expect(try await gateway.reload(yaml).message == "configuration reloaded")
            #expect(try await matches(0) == 0)
            #expect(try await gateway.send(SignedEvent().request(secret: old)).status == 202)
            #expect(try await gateway.send(SignedEvent().request(secret: new)).status == 202)
            #expect(try await matches(0) == 1)
            #expect(try await matches(1) == 2)

            _ = try stage.file("current", "SENTINEL of no use")
            let refusal = try await gateway.reload(yaml)
            #expect(refusal.message == "configuration refused")
            #expect(refusal["problem"]?.contains("SENTINEL") == false)
            #expect(try await gateway.send(SignedEvent().request(secret: old)).status == 202, "the old ones hold")

            _ = try stage.file("current", "")
            #expect(try await gateway.reload(yaml).message == "configuration reloaded")
            #expect(try await gateway.send(SignedEvent().request(secret: old)).status == 400)
            #expect(try await gateway.send(SignedEvent().request(secret: new)).status == 202)
            #expect(try await matches(0) == 2)
            #expect(try await matches(1) == 3)
            let log = try await gateway.wholeLog()
            for secret in [old, new] { #expect(!log.contains(secret.dropFirst(6))) }
        }
    }

    @Test("A destination that moved gets its retries at the new address")
    func movedDestination() async throws {
        try await Stage.with { stage in
            let gone = try stage.closedService()
            let email = try await stage.service()
            let redis = try await stage.redis()
            let retry = "{ attempts: 50, first: 200ms, factor: 1 }"
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("email", gone)], retry: retry))
            try await gateway.accept(SignedEvent())
            try await gateway.waitForLog("attempt failed, will be repeated")
            _ = try await gateway.reload(
                stage.yaml(Setup(redis: redis, destinations: [.init("email", email)], retry: retry)))
            try await email.waitForRequests(1)
        }
    }

    @Test("What a running gateway cannot change is said")
    func needsRestart() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let yaml = stage.yaml(Setup(redis: redis, destinations: [.init("email", email)]))
            let gateway = try await stage.gateway(yaml: yaml)
            _ = try await gateway.reload(
                yaml.replacing("\nadmin: { listen: 127.0.0.1:0", with: "\nadmin: { listen: 127.0.0.1:1"))
            try await gateway.waitForLog("takes effect at the next start") { $0["key"] == "admin" }
            try await gateway.accept(SignedEvent())
        }
    }
}
