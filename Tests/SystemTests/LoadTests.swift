import Glibc
import Testing

@Suite("A gateway that ends in the middle of its work")
struct LoadTests {
    /// So many that sending them takes far longer than the first deliveries do.
    private static let count = 3000

    /// Sends events to a first gateway, ends it in the midst of that, and has a second one finish the work.
    /// - Returns: the ids that the sender was told were accepted.
    private func interrupted(
        _ stage: Stage, _ email: RecordingService, _ redis: PrivateRedis,
        end: (GatewayProcess) async throws -> Void
    ) async throws -> Set<String> {
        let setup = Setup(
            // Longer than a busy machine lets an answer take: an attempt that times out is rightly repeated.
            redis: redis, destinations: [.init("email", email, "timeout: 5s")],
            // Few attempts: one that is counted without having been made leads to a dead letter.
            retry: "{ attempts: 2, first: 100ms }")
        let first = try await stage.gateway(setup)
        async let sending = stage.run(
            "send", "--url", "http://127.0.0.1:\(first.port)\(GatewayProcess.path)", "--secret", SignedEvent.secret,
            "--count", "\(Self.count)", "--parallel", "16", within: .seconds(30))
        try await email.waitForRequests(40)
        try await end(first)
        let sent = try await sending
        let accepted = sent.output.matches(of: /202 accepted  (\S+)/).map { String($0.1) }
        #expect((40..<Self.count).contains(accepted.count), "the end came in the midst of it")
        let second = try await stage.gateway(setup)
        try await eventually(within: .seconds(20), "every delivery is settled") { try await redis.pending() == 0 }
        #expect(try await second.metric("oncegate_dead_letters{destination=\"email\"}") == 0)
        return Set(accepted)
    }

    @Test("At SIGTERM what was accepted is delivered exactly once, each at its first attempt")
    func terminated() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let accepted = try await interrupted(stage, email, redis) { gateway in
                let exit = try await gateway.terminate()
                #expect(exit == .code(0))
            }
            let delivered = email.requests.compactMap(\.id)
            #expect(Set(delivered) == accepted)
            #expect(delivered.count == accepted.count)
            #expect(email.requests.allSatisfy { $0.attempt == "1" })
        }
    }

    @Test("At SIGKILL nothing that was accepted is lost, and only what was in flight is repeated")
    func killed() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let accepted = try await interrupted(stage, email, redis) { $0.process.kill() }
            let deliveries = Dictionary(grouping: email.requests) { $0.id ?? "" }
            // The sender may not have been told of the last few.
            #expect(Set(deliveries.keys).isSuperset(of: accepted))
            #expect(deliveries.values.allSatisfy { $0.count <= 2 })
            let inFlight = 32
            #expect(deliveries.values.filter { $0.count > 1 }.count <= inFlight)
        }
    }
}
