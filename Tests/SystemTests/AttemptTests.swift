import Testing

@Suite("What happens to an attempt")
struct AttemptTests {
    /// Runs a body with a gateway that delivers to a service that behaves as told, and to one that always works.
    private func withGateway(
        _ answers: RecordingService.Answer..., options: String = "",
        _ body: (GatewayProcess, _ email: RecordingService, _ crm: RecordingService) async throws -> Void
    ) async throws {
        try await Stage.with { stage in
            let email = try stage.closedService(answers)
            try await email.open()
            let crm = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("email", email, options), .init("crm", crm)]))
            try await body(gateway, email, crm)
            // Whatever became of the one, the other got every event once.
            try await eventually("nothing waits for the other destination") {
                try await gateway.metric("oncegate_pending{destination=\"crm\"}") == 0
            }
            #expect(Set(crm.requests.map(\.id)).count == crm.requests.count)
            #expect(try await gateway.metric("oncegate_dead_letters{destination=\"crm\"}") == 0)
        }
    }

    private func expectDelivered(_ gateway: GatewayProcess, afterAttempts count: Int, outcome: String) async throws {
        let line = try await gateway.waitForLog("delivered") { $0["destination"] == "email" }
        #expect(line["attempt"] == "\(count)")
        let deliveries = "oncegate_deliveries_total{destination=\"email\",outcome="
        #expect(try await gateway.metric(deliveries + "\"delivered\"}") == 1)
        #expect(try await gateway.metric(deliveries + "\"\(outcome)\"}") == Double(count - 1))
        #expect(try await gateway.metric("oncegate_pending{destination=\"email\"}") == 0)
        #expect(try await gateway.metric("oncegate_dead_letters{destination=\"email\"}") == 0)
    }

    @Test("Any 2xx is delivered, and asked for once", arguments: [200, 201, 202, 204, 299])
    func success(status: Int) async throws {
        try await withGateway(.status(status), .status(500)) { gateway, email, _ in
            try await gateway.accept(SignedEvent())
            try await expectDelivered(gateway, afterAttempts: 1, outcome: "retried")
            #expect(email.requests.count == 1)
        }
    }

    @Test(
        "Answers that may change are tried again, and only there",
        arguments: [500, 502, 503, 404, 401, 403, 408, 425, 429, 301, 302, 307, 308, 304])
    func retried(status: Int) async throws {
        try await Stage.with { stage in
            let elsewhere = try await stage.service()
            let moved = RecordingService.Answer.status(status, headers: [("location", elsewhere.url)])
            let email = try await stage.service(moved, moved, .status(200))
            let crm = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("email", email), .init("crm", crm)]))
            try await gateway.accept(SignedEvent())
            try await expectDelivered(gateway, afterAttempts: 3, outcome: "retried")
            let attempts = email.requests
            try #require(attempts.map(\.attempt) == ["1", "2", "3"])
            #expect(attempts.allSatisfy { $0.method == .POST && $0.body == attempts[0].body })
            #expect(attempts[1].at - attempts[0].at >= .milliseconds(100))
            #expect(crm.requests.count == 1)
            #expect(elsewhere.requests.isEmpty)
        }
    }

    @Test("Answers that repeating cannot change make a dead letter at once", arguments: [400, 410, 413, 422])
    func dead(status: Int) async throws {
        try await withGateway(.status(status), .status(200)) { gateway, email, crm in
            try await gateway.accept(SignedEvent())
            try await gateway.waitForLog("dead letter") { $0["answer"] == "\(status)" && $0["attempt"] == "1" }
            #expect(try await gateway.metric("oncegate_dead_letters{destination=\"email\"}") == 1)
            #expect(try await gateway.metric("oncegate_pending{destination=\"email\"}") == 0)
            #expect(
                try await gateway.metric("oncegate_deliveries_total{destination=\"email\",outcome=\"dead\"}") == 1)
            #expect(email.requests.count == 1)
            try await crm.waitForRequests(1)
        }
    }

    @Test("When the attempts are used up there is a dead letter, and no further attempt")
    func usedUp() async throws {
        try await withGateway(.status(500)) { gateway, email, _ in
            try await gateway.accept(SignedEvent())
            try await gateway.waitForLog("dead letter") { $0["attempt"] == "3" }
            #expect(try await gateway.metric("oncegate_dead_letters{destination=\"email\"}") == 1)
            #expect(try await gateway.metric("oncegate_pending{destination=\"email\"}") == 0)
            #expect(email.requests.map(\.attempt) == ["1", "2", "3"])
        }
    }

    @Test("retry-after puts the next attempt off", arguments: [429, 503])
    func retryAfter(status: Int) async throws {
        let later = RecordingService.Answer.status(status, headers: [("retry-after", "2")])
        try await withGateway(later, .status(200)) { gateway, email, _ in
            try await gateway.accept(SignedEvent())
            let attempts = try await email.waitForRequests(2)
            #expect(attempts[1].at - attempts[0].at >= .seconds(2))
            #expect(attempts[1].at - attempts[0].at < .seconds(5))
            try await expectDelivered(gateway, afterAttempts: 2, outcome: "retried")
        }
    }

    @Test("retry-after never brings the next attempt forward")
    func retryAfterZero() async throws {
        try await withGateway(
            .status(429, headers: [("retry-after", "0")]), .status(200),
            options: "retry: { schedule: [1500ms], jitter: 0 }"
        ) { gateway, email, _ in
            try await gateway.accept(SignedEvent())
            let attempts = try await email.waitForRequests(2)
            #expect(attempts[1].at - attempts[0].at >= .milliseconds(1500))
        }
    }

    @Test("A destination that does not answer in its time is tried again")
    func timeout() async throws {
        try await withGateway(.hold, .status(200), options: "timeout: 500ms") { gateway, email, _ in
            try await gateway.accept(SignedEvent())
            let attempts = try await email.waitForRequests(2)
            #expect(attempts[1].at - attempts[0].at >= .milliseconds(500))
            #expect(attempts[1].at - attempts[0].at < .seconds(4))
            try await expectDelivered(gateway, afterAttempts: 2, outcome: "unknown")
        }
    }

    @Test("A connection that is closed without an answer is tried again")
    func lostConnection() async throws {
        try await withGateway(.close, .status(200)) { gateway, email, _ in
            try await gateway.accept(SignedEvent())
            try await expectDelivered(gateway, afterAttempts: 2, outcome: "unknown")
            #expect(email.requests.count == 2)
        }
    }

    @Test("A connection that was idle too long for the destination costs no attempt")
    func reusedConnection() async throws {
        try await withGateway(.status(200)) { gateway, email, _ in
            try await gateway.accept(SignedEvent())
            try await email.waitForRequests(1)
            try await gateway.waitForLog("delivered") { $0["destination"] == "email" }
            await email.hangUp()
            try await gateway.accept(SignedEvent())
            let requests = try await email.waitForRequests(2)
            #expect(requests.map(\.attempt) == ["1", "1"])
        }
    }

    @Test("A 200 whose body does not end is delivered")
    func endlessBody() async throws {
        try await withGateway(.endless, options: "timeout: 2s") { gateway, email, _ in
            try await gateway.accept(SignedEvent())
            try await expectDelivered(gateway, afterAttempts: 1, outcome: "retried")
            #expect(email.requests.count == 1)
        }
    }

    @Test("A destination that refuses connections gets its events when it is there")
    func refusedConnection() async throws {
        try await Stage.with { stage in
            let email = try stage.closedService()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(
                    redis: redis, destinations: [.init("email", email)],
                    retry: "{ attempts: 50, first: 200ms, factor: 1, jitter: 0 }"))
            try await gateway.accept(SignedEvent())
            try await gateway.waitForLog("attempt failed, will be repeated") { $0["attempt"] == "2" }
            #expect(email.requests.isEmpty)
            try await email.open()
            try await email.waitForRequests(1)
            try await gateway.waitForLog("delivered")
            #expect(email.requests.count == 1)
        }
    }

    @Test("A destination that hangs does not hold up another one")
    func hanging() async throws {
        try await withGateway(.hold, options: "concurrency: 2, timeout: 20s") { gateway, email, crm in
            for _ in 0..<20 { try await gateway.accept(SignedEvent()) }
            try await crm.waitForRequests(20, within: .seconds(5))
            #expect(email.requests.count == 2)
            #expect(try await gateway.metric("oncegate_pending{destination=\"email\"}") == 20)
            email.answer(.status(200))
            email.release()
            try await email.waitForRequests(20)
        }
    }
}
