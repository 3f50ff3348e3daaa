import Testing

@Suite("An event is claimed exactly once")
struct ExactlyOnceTests {
    @Test("Copies of an event that race to two gateways are accepted once and delivered once to each service")
    func race() async throws {
        try await Stage.with { stage in
            let services = try await [stage.service(), stage.service(), stage.service()]
            let redis = try await stage.redis()
            let setup = Setup(
                redis: redis,
                destinations: zip(["email", "crm", "analytics"], services).map { .init($0, $1) })
            let gateways = try await [stage.gateway(setup), stage.gateway(setup)]
            let events = (0..<10).map { SignedEvent(id: "evt_\($0)") }
            let copies = 12
            let answers = try await withThrowingTaskGroup { group in
                for event in events {
                    for copy in 0..<copies {
                        group.addTask {
                            let response = try await gateways[copy % 2].post(event)
                            return (event.id, response.status)
                        }
                    }
                }
                return try await group.reduce(into: [String: [Int]]()) { $0[$1.0, default: []].append($1.1) }
            }
            for event in events {
                #expect(answers[event.id]?.sorted() == Array(repeating: 200, count: copies - 1) + [202])
            }
            for service in services { try await service.waitForRequests(events.count) }
            try await eventually("every delivery is settled") { try await redis.pending() == 0 }
            for service in services {
                #expect(service.requests.compactMap(\.id).sorted() == events.map(\.id).sorted())
            }
        }
    }

    @Test("A gateway that queued nothing itself delivers what another one accepted")
    func otherGateway() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.hold)
            let redis = try await stage.redis()
            let setup = Setup(redis: redis, destinations: [.init("email", email, "concurrency: 1, timeout: 20s")])
            let first = try await stage.gateway(setup)
            try await first.accept(SignedEvent(id: "evt_1"))
            try await email.waitForRequests(1)
            // The first gateway's only place is taken, so that the second event is another gateway's to deliver.
            try await first.accept(SignedEvent(id: "evt_2"))
            email.answer(.status(200))
            let second = try await stage.gateway(setup)
            try await second.waitForLog("delivered") { $0["id"] == "evt_2" }
            email.release()
            try await first.waitForLog("delivered") { $0["id"] == "evt_1" }
            #expect(email.requests.count == 2)
        }
    }

    @Test("Two environments with prefixes of their own share a Redis without meeting")
    func prefixes() async throws {
        try await Stage.with { stage in
            let (staging, production) = try await (stage.service(), stage.service())
            let redis = try await stage.redis()
            let event = SignedEvent()
            for (prefix, service) in [("staging", staging), ("production", production)] {
                let yaml = stage.yaml(Setup(redis: redis, destinations: [.init("email", service)]))
                    .replacing("redis: { url:", with: "redis: { prefix: \(prefix), url:")
                try await stage.gateway(yaml: yaml).accept(event)
            }
            try await staging.waitForRequests(1)
            try await production.waitForRequests(1)
            #expect(try await redis.keys("og:*").isEmpty)
        }
    }

    @Test("The claim lasts a day from the last sighting and from the last delivery, and the body is stored once")
    func claimTime() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.hold)
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            let event = SignedEvent(id: "evt_1")
            let claim = "og:{0}:claim:clerk:evt_1"
            try await gateway.accept(event)
            #expect(try await redis.timeToLive(claim) > 86_390)
            _ = try await redis.command("EXPIRE", claim, "100")
            #expect(try await gateway.post(event).status == 200)
            #expect(try await redis.timeToLive(claim) > 86_390)
            // Even a claim that has lapsed lets no second event in while a delivery is pending.
            _ = try await redis.command("DEL", claim)
            #expect(try await gateway.post(event).status == 200)
            _ = try await redis.command("DEL", claim)
            try await email.waitForRequests(1)
            email.release()
            try await gateway.waitForLog("delivered")
            #expect(try await redis.timeToLive(claim) > 86_390)
            let body = try await redis.command("HGET", "og:{0}:event:clerk:evt_1", "b")
            #expect(body == String(decoding: event.body, as: UTF8.self))
        }
    }
}
