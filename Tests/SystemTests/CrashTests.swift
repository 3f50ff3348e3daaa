import Glibc
import Testing

@Suite("A gateway that dies")
struct CrashTests {
    // Where a test has to act while an attempt is under way, the timeout leaves it the time, on a busy machine, too.

    /// An attempt's lease outlasts its timeout by five seconds.
    private static let lease = Duration.seconds(15)

    @Test("An event in flight when the gateway is killed is delivered by the next one")
    func inFlight() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.hold, .status(200))
            let redis = try await stage.redis()
            let setup = Setup(redis: redis, destinations: [.init("email", email, "timeout: 1s")])
            let first = try await stage.gateway(setup)
            let event = SignedEvent()
            try await first.accept(event)
            first.process.kill()
            let second = try await stage.gateway(setup)
            let line = try await second.waitForLog("delivered", within: Self.lease)
            #expect(line["id"] == event.id)
            #expect(Set(email.requests.map(\.id)) == [event.id])
            #expect(try await redis.pending() == 0)
            #expect(try await second.post(event).status == 200)
        }
    }

    @Test("An event whose destination is down when the gateway is killed is delivered by the next one")
    func destinationDown() async throws {
        try await Stage.with { stage in
            let email = try stage.closedService()
            let redis = try await stage.redis()
            // On a busy machine there can be as many failures as open the breaker; that it waits is for other tests.
            let setup = Setup(
                redis: redis, destinations: [.init("email", email, "timeout: 1s, breaker: { failures: 1000 }")],
                retry: "{ attempts: 50, first: 300ms, factor: 1 }")
            let first = try await stage.gateway(setup)
            let events = (0..<20).map { _ in SignedEvent() }
            for event in events { try await first.accept(event) }
            first.process.kill()
            try await email.open()
            let second = try await stage.gateway(setup)
            try await eventually(within: Self.lease, "every event is there") {
                Set(email.requests.compactMap(\.id)) == Set(events.map(\.id))
            }
            try await eventually("every delivery is settled") { try await redis.pending() == 0 }
            #expect(email.requests.count == events.count)
            #expect(second.log.allSatisfy { $0.message != "dead letter" })
        }
    }

    @Test("Another gateway on the same Redis takes over without a restart")
    func takeOver() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.hold)
            let redis = try await stage.redis()
            let setup = Setup(redis: redis, destinations: [.init("email", email, "timeout: 1s, concurrency: 1")])
            let first = try await stage.gateway(setup)
            let event = SignedEvent()
            try await first.accept(event)
            try await email.waitForRequests(1)
            first.process.kill()
            email.answer(.status(200))
            let second = try await stage.gateway(setup)
            let line = try await second.waitForLog("delivered", within: Self.lease)
            #expect(line["id"] == event.id)
            #expect(line["attempt"] != "1")
        }
    }

    @Test("The late answer of an attempt that another gateway has repeated changes nothing")
    func overtaken() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.hold)
            let redis = try await stage.redis()
            func setup(timeout: String) -> Setup {
                Setup(redis: redis, destinations: [.init("email", email, "timeout: \(timeout)")])
            }
            let slow = try await stage.gateway(setup(timeout: "6s"))
            try await slow.accept(SignedEvent())
            try await email.waitForRequests(1)
            slow.process.signal(SIGSTOP)
            let other = try await stage.gateway(setup(timeout: "20s"))
            try await email.waitForRequests(2)
            slow.process.signal(SIGCONT)
            let line = try await slow.waitForLog("attempt overtaken by a later one; its answer changes nothing")
            #expect(line["attempt"] == "1")
            #expect(try await redis.pending() == 1)
            email.release()
            let delivered = try await other.waitForLog("delivered")
            #expect(delivered["attempt"] == "2")
            #expect(try await redis.pending() == 0)
            #expect(email.requests.count == 2)
            #expect(
                try await slow.metric("oncegate_deliveries_total{destination=\"email\",outcome=\"overtaken\"}") == 1)
        }
    }

    @Test("The redis-server that Oncegate runs itself keeps what was accepted when the gateway is killed")
    func embedded() async throws {
        try await Stage.with { stage in
            let email = try stage.closedService()
            let setup = Setup(
                destinations: [.init("email", email, "timeout: 200ms")],
                retry: "{ attempts: 50, first: 300ms, factor: 1 }")
            let first = try await stage.gateway(setup)
            let events = (0..<10).map { _ in SignedEvent() }
            for event in events { try await first.accept(event) }
            first.process.kill()
            try await email.open()
            let second = try await stage.gateway(setup)
            #expect(try await second.post(events[0]).status == 200)
            try await eventually(within: Self.lease, "every event is there") {
                Set(email.requests.compactMap(\.id)) == Set(events.map(\.id))
            }
            #expect(try await second.terminate() == .code(0))
        }
    }

    @Test("The redis-server that Oncegate runs itself is started again when it dies, on what it held")
    func embeddedServerDies() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.hold)
            let gateway = try await stage.gateway(Setup(destinations: [.init("email", email)]))
            let before = SignedEvent()
            try await gateway.accept(before)
            try await email.waitForRequests(1)
            for pid in Processes.using(stage.folder + "/data") where pid != gateway.process.pid { kill(pid, SIGKILL) }
            email.release()
            try await gateway.waitForLog("delivered") { $0["id"] == before.id }
            email.answer(.status(200))
            let after = SignedEvent()
            try await eventually("events are accepted again") { try await gateway.post(after).status < 300 }
            #expect(try await gateway.post(before).status == 200)
            try await gateway.waitForLog("delivered") { $0["id"] == after.id }
            #expect(email.requests.count == 2)
        }
    }

    @Test("Gateways on a data directory that is in use say so and end")
    func dataDirectoryInUse() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let setup = Setup(destinations: [.init("email", email)])
            let first = try await stage.gateway(setup)
            // Several at once: what a gateway says must not hang on which of its parts ends first.
            let others = try (0..<6).map { _ in try stage.startGateway(setup) }
            for other in others {
                #expect(try await other.process.waitUntilEnded() == .code(1))
                #expect(other.process.errors.contains("Another gateway uses data_dir \(stage.folder)/data"))
            }
            try await first.accept(SignedEvent())
        }
    }
}
