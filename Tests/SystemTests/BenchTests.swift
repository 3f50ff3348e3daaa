import Foundation
import Testing

@Suite("The bench command")
struct BenchTests {
    private func figures(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("A gateway of its own: everything is accepted, delivered once, and counted, failures and copies among it")
    func ownGateway() async throws {
        try await Stage.with { stage in
            let run = try await stage.run(
                "bench", "--events", "300", "--connections", "8", "--destinations", "2", "--duplicates", "20",
                "--failures", "10", "--json", within: .seconds(60))
            #expect(run.exit == .code(0), "\(run.output)\(run.errors)")
            let figures = try figures(run.output)
            #expect(figures["accepted"] as? Int == 300)
            #expect(figures["requests"] as? Int == 375)
            #expect(figures["delivered"] as? Int == 600)
            #expect(figures["lost"] as? Int == 0)
            #expect(figures["duplicated"] as? Int == 0)
            #expect(figures["statuses"] as? [String: Int] == ["202": 300, "200": 75])
            let accept = try #require(figures["accept"] as? [String: Double])
            #expect(accept["p50", default: 0] > 0 && accept["p50", default: 0] <= accept["max", default: 0])
            #expect(figures["gateway_microseconds_per_event"] as? Double ?? 0 > 0)
            #expect(figures["redis_microseconds_per_event"] as? Double ?? 0 > 0)
        }
    }

    @Test("A Redis of one's own, with a gateway of its own or one that runs already: its CPU time is among the figures")
    func ownRedis() async throws {
        try await Stage.with { stage in
            let redis = try await stage.redis()
            let own = try await stage.run(
                "bench", "--events", "100", "--redis", "${BENCH_REDIS}", "--json",
                environment: ["BENCH_REDIS": redis.url], within: .seconds(60))
            #expect(own.exit == .code(0), "\(own.output)\(own.errors)")
            #expect(try figures(own.output)["redis_microseconds_per_event"] as? Double ?? 0 > 0)

            let email = try await stage.service()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            let other = try await stage.run(
                "bench", "--events", "100", "--url", "http://127.0.0.1:\(gateway.port)\(GatewayProcess.path)",
                "--secret", SignedEvent.secret, "--redis", redis.url, "--json")
            #expect(other.exit == .code(0), "\(other.output)\(other.errors)")
            #expect(try figures(other.output)["redis_microseconds_per_event"] as? Double ?? 0 > 0)
        }
    }

    @Test("A Redis that is not there: nothing is accepted, and the run ends and says so")
    func withoutRedis() async throws {
        try await Stage.with { stage in
            let run = try await stage.run(
                "bench", "--events", "20", "--redis", "unix://\(stage.folder)/nowhere.sock", within: .seconds(60))
            #expect(run.exit == .code(1), "\(run.errors)")
            #expect(run.output.contains("accepted    0 of 20"))
            #expect(run.output.contains("× 503"))
            #expect(run.errors.contains("the CPU time of Redis is not known"))
        }
    }

    @Test("A gateway that runs already, and one that does not take the events: exit code 1")
    func otherGateway() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let gateway = try await stage.gateway(
                Setup(redis: try await stage.redis(), destinations: [.init("email", email)]))
            let url = "http://127.0.0.1:\(gateway.port)\(GatewayProcess.path)"
            let run = try await stage.run(
                "bench", "--events", "50", "--connections", "4", "--url", url, "--secret", SignedEvent.secret)
            #expect(run.exit == .code(0), "\(run.output)\(run.errors)")
            #expect(run.output.contains("accepted    50 of 50"))
            try await email.waitForRequests(50)
            let wrong = try await stage.run(
                "bench", "--events", "5", "--url", url, "--secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            #expect(wrong.exit == .code(1))
            #expect(wrong.output.contains("5 × 400"))
        }
    }
}
