import Testing

@Suite("A Redis that fails")
struct RedisFaultTests {
    /// By when a sender must have its 503, and by when a Redis that is back must be in use.
    private static let patience = Duration.seconds(2)
    /// What the machine that the tests run on may add.
    private static let slack = Duration.seconds(1)

    private func expectUnavailable(_ gateway: GatewayProcess, _ event: SignedEvent) async throws {
        let response = try await gateway.post(event)
        #expect(response.status == 503)
        #expect(response.body == #"{"error":"Temporarily unavailable"}"#)
        #expect(response["retry-after"].flatMap { Int($0) } != nil)
        // By the gateway's own clock: the one of this process also counts how long it waits for a core.
        let answers = try await gateway.metric("oncegate_accept_seconds_count")
        #expect(try await gateway.metric("oncegate_accept_seconds_bucket{le=\"2.5\"}") == answers)
        #expect(try #require(answers) > 0)
    }

    private func expectReason(_ gateway: GatewayProcess) async throws {
        let ready = try await gateway.admin("/readyz")
        #expect(ready.status == 503)
        #expect(ready.body.contains("Redis"))
        #expect(try await gateway.admin("/healthz").status == 200)
        #expect(try await gateway.metric("oncegate_redis_up") == 0)
    }

    private func expectBack(_ gateway: GatewayProcess, _ event: SignedEvent) async throws {
        try await eventually(within: Self.patience + Self.slack, "events are accepted again") {
            try await gateway.post(event).status == 202
        }
        // Each event loop has a connection of its own, and so has the admin listener.
        try await eventually(within: Self.patience + Self.slack, "the gateway is ready") {
            try await gateway.admin("/readyz").status == 200
        }
        #expect(try await gateway.metric("oncegate_redis_up") == 1)
    }

    @Test("While Redis is stopped senders are told to try again; once it is back nothing needs a restart")
    func stopped() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            let before = SignedEvent()
            try await gateway.accept(before)
            try await gateway.waitForLog("delivered")
            try await redis.shutDown()
            let event = SignedEvent()
            try await expectUnavailable(gateway, event)
            try await expectReason(gateway)
            #expect(gateway.process.ended == nil)
            try await redis.start()
            try await expectBack(gateway, event)
            try await gateway.waitForLog("delivered") { $0["id"] == event.id }
            #expect(try await gateway.post(before).status == 200)
            #expect(email.requests.count == 2)
        }
    }

    @Test("While Redis is frozen senders are told to try again, and no event is lost or delivered twice")
    func frozen() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            // A lease that waited in Redis' socket is nobody's: its delivery falls due again five seconds after the time.
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("email", email, "timeout: 200ms")]))
            redis.freeze()
            let event = SignedEvent()
            try await expectUnavailable(gateway, event)
            try await expectReason(gateway)
            redis.thaw()
            // The claim may have waited in Redis' socket: then the sender's next try is a duplicate.
            for event in [event, SignedEvent()] {
                try await eventually(within: Self.patience + Self.slack, "Redis is in use again") {
                    try await gateway.post(event).status < 300
                }
            }
            try await email.waitForRequests(2)
            try await eventually("every delivery is settled") { try await redis.pending() == 0 }
            #expect(email.requests.count == 2)
        }
    }

    @Test("A Redis that dies while an attempt is under way still learns of its answer")
    func answerMeanwhile() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.hold, .status(200))
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            try await gateway.accept(SignedEvent())
            try await email.waitForRequests(1)
            redis.kill()
            email.release()
            try await gateway.waitForLog("deliveries wait for Redis")
            try await redis.start()
            try await gateway.waitForLog("delivered")
            #expect(email.requests.count == 1)
            #expect(try await redis.pending() == 0)
        }
    }

    @Test("A Redis without memory takes whole events or nothing of them")
    func outOfMemory() async throws {
        try await Stage.with { stage in
            let email = try stage.closedService()
            let redis = try await stage.redis("--maxmemory", "6mb", "--maxmemory-policy", "noeviction")
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("email", email)], retry: "{ schedule: [1h] }"))
            var accepted: [String] = []
            let padding = String(repeating: "x", count: 200_000)
            for number in 0..<100 {
                let body = #"{"type":"user.created","data":{"x":"\#(padding)"}}"#
                let event = SignedEvent(id: "evt_\(number)", body: body)
                let response = try await gateway.post(event)
                guard response.status == 202 else {
                    #expect(response.status == 503)
                    break
                }
                accepted.append(event.id)
            }
            #expect((1..<100).contains(accepted.count))
            for kind in ["claim", "event"] {
                let keys = try await redis.keys("og:*:\(kind):*").compactMap { $0.split(separator: ":").last }
                #expect(Set(keys.map(String.init)) == Set(accepted), "\(kind)")
            }
            #expect(try await redis.command("ZCARD", "og:{0}:due:email") == "\(accepted.count)")
            #expect(try await redis.pending() == accepted.count)
            _ = try await redis.command("CONFIG", "SET", "maxmemory", "0")
            try await expectBack(gateway, SignedEvent(id: "evt_\(accepted.count)"))
        }
    }

    @Test("A read-only Redis makes the door answer 503")
    func readOnly() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            _ = try await redis.command("REPLICAOF", "127.0.0.1", "1")
            let event = SignedEvent()
            try await expectUnavailable(gateway, event)
            _ = try await redis.command("REPLICAOF", "NO", "ONE")
            try await expectBack(gateway, event)
        }
    }

    @Test("Scripts that Redis has forgotten are sent again")
    func scriptsFlushed() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            _ = try await redis.command("SCRIPT", "FLUSH")
            try await gateway.accept(SignedEvent())
            try await email.waitForRequests(1)
        }
    }

    @Test("A gateway that starts before its Redis says 503 until it is there")
    func absentAtStart() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = stage.unstartedRedis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            let event = SignedEvent()
            try await expectUnavailable(gateway, event)
            try await expectReason(gateway)
            try await redis.start()
            try await expectBack(gateway, event)
            try await email.waitForRequests(1)
        }
    }

    @Test(
        "A Redis that would break a guarantee is refused",
        arguments: [
            (["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"], ["allkeys-lru", "noeviction"]),
            (["--replicaof", "127.0.0.1", "1"], ["replica"]),
        ])
    func refused(arguments: [String], words: [String]) async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = stage.unstartedRedis(arguments)
            try await redis.start()
            let gateway = try stage.startGateway(Setup(redis: redis, destinations: [.init("email", email)]))
            #expect(try await gateway.process.waitUntilEnded() == .code(1))
            for word in words { #expect(gateway.process.errors.contains(word)) }
            #expect(gateway.log.allSatisfy { $0.message != "front door open" })
        }
    }
}
