import Glibc
import Testing

@Suite("A gateway that is asked to end")
struct ShutdownTests {
    @Test("An attempt under way finishes and is recorded; what waits is delivered by the next process")
    func drains() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.hold)
            let redis = try await stage.redis()
            let setup = Setup(redis: redis, destinations: [.init("email", email, "concurrency: 1, timeout: 15s")])
            let first = try await stage.gateway(setup)
            let events = (0..<5).map { SignedEvent(id: "evt_\($0)") }
            for event in events { try await first.accept(event) }
            try await email.waitForRequests(1)
            first.process.signal(SIGTERM)
            try await first.waitForLog("front door closed")
            #expect(first.process.ended == nil)
            await #expect(throws: (any Error).self) { try await first.post(SignedEvent()) }
            email.answer(.status(200))
            email.release()
            #expect(try await first.process.waitUntilEnded() == .code(0))
            #expect(email.requests.map(\.id) == ["evt_0"])
            #expect(first.log.contains { $0.message == "delivered" && $0["id"] == "evt_0" })
            #expect(try await redis.pending() == 4)
            _ = try await stage.gateway(setup)
            try await email.waitForRequests(5)
            try await eventually("every delivery is settled") { try await redis.pending() == 0 }
            #expect(email.requests.compactMap(\.id).sorted() == events.map(\.id))
            #expect(email.requests.allSatisfy { $0.attempt == "1" })
        }
    }

    @Test("A lease that Redis answers only after SIGTERM counts no attempt that was not made")
    func lateLease() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.status(500), .status(200))
            let redis = try await stage.redis()
            let setup = Setup(
                redis: redis, destinations: [.init("email", email, "timeout: 3s")],
                retry: "{ schedule: [500ms, 500ms], jitter: 0 }")
            let first = try await stage.gateway(setup)
            try await first.accept(SignedEvent())
            try await first.waitForLog("attempt failed, will be repeated")
            redis.freeze()
            // The second attempt falls due; that it is asked for shows nowhere, as Redis does not answer.
            try await Task.sleep(for: .milliseconds(800))
            first.process.signal(SIGTERM)
            try await first.waitForLog("front door closed")
            try await Task.sleep(for: .milliseconds(100))  // what the door's end sets off shows nowhere either
            redis.thaw()
            #expect(try await first.process.waitUntilEnded() == .code(0))
            let second = try await stage.gateway(setup)
            try await eventually("the delivery is settled") { try await redis.pending() == 0 }
            #expect(email.requests.map(\.attempt) == ["1", "2"])
            #expect(try await second.metric("oncegate_dead_letters{destination=\"email\"}") == 0)
        }
    }

    @Test("A request that came in before the door closed is answered, and its connection ends")
    func requestUnderWay() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            let event = SignedEvent()
            let request = try event.request()
            try await RawConnection.with(port: gateway.port) { idle in
                #expect(try await idle.exchange(SignedEvent().request()).status == 202)
                try await RawConnection.with(port: gateway.port) { busy in
                    #expect(try await busy.exchange(SignedEvent().request()).status == 202)
                    await busy.send(request.bytes.dropLast(10))
                    // Its head is read before the door closes: a second connection's request has gone through since.
                    try await gateway.accept(SignedEvent())
                    gateway.process.signal(SIGTERM)
                    try await idle.waitUntilClosed()
                    await busy.send(request.bytes.suffix(10))
                    let response = try await busy.response()
                    #expect([202, 503].contains(response.status))
                    #expect(response["connection"] == "close")
                    try await busy.waitUntilClosed()
                    let claimed = try await redis.keys("og:*:claim:*:\(event.id)").count
                    #expect(claimed == (response.status == 202 ? 1 : 0))
                }
            }
            #expect(try await gateway.process.waitUntilEnded() == .code(0))
        }
    }

    @Test("An idle gateway ends at once", arguments: [SIGTERM, SIGINT])
    func idle(signal: Int32) async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            gateway.process.signal(signal)
            #expect(try await gateway.process.waitUntilEnded(within: .seconds(5)) == .code(0))
            #expect(gateway.log.contains { $0.message == "stopped" })
        }
    }

    @Test("A gateway without its Redis ends all the same")
    func withoutRedis() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            redis.kill()
            _ = try await gateway.post(SignedEvent())
            #expect(try await gateway.terminate(within: .seconds(5)) == .code(0))
        }
    }

    @Test("The redis-server that Oncegate runs itself ends with it, and its data is found again")
    func embedded() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let setup = Setup(destinations: [.init("email", email)])
            let first = try await stage.gateway(setup)
            let event = SignedEvent()
            try await first.accept(event)
            try await first.waitForLog("delivered")
            #expect(try await first.terminate() == .code(0))
            #expect(Processes.using(stage.folder).isEmpty)
            let second = try await stage.gateway(setup)
            #expect(try await second.post(event).status == 200)
            #expect(try await second.terminate() == .code(0))
            #expect(email.requests.count == 1)
        }
    }

    @Test("A port that is taken is said in one line, and ends the gateway", arguments: ["listen", "admin.listen"])
    func portTaken(key: String) async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let taken = "127.0.0.1:\(email.port)"
            let line = key == "listen" ? "listen: " : "admin: { listen: "
            let yaml = stage.yaml(Setup(redis: redis, destinations: [.init("email", email)]))
                .split(separator: "\n")
                .map { $0.hasPrefix(line) ? String($0).replacing("127.0.0.1:0", with: taken) : String($0) }
            let gateway = try stage.startGateway(yaml: yaml.joined(separator: "\n"))
            #expect(try await gateway.process.waitUntilEnded() == .code(1))
            #expect(gateway.process.errors.contains("cannot listen on \(taken) (`\(key)`)"))
        }
    }
}
