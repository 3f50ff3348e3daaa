import Admin
import GatewayConfiguration
import NIOPosix
import Synchronization
import TestSupport
import Testing

@Suite struct AdminListenerTests {
    @Test func isHealthyWhileItRunsWhateverElse() async throws {
        try await AdminBench.withListener(readiness: { .notReady(reasons: ["no Redis"]) }) { port in
            let answer = try await exchange(port, "GET /healthz")
            #expect(answer.status == 200)
            #expect(answer.head.contains("cache-control: no-store"))
            #expect(answer.body == "ok\n")
        }
    }

    @Test func isAskedForReadinessEachTime() async throws {
        let asked = Counter()
        try await AdminBench.withListener(readiness: {
            asked.next() == 1 ? .notReady(reasons: ["the gateway is draining", "Redis: away"]) : .ready
        }) { port in
            let first = try await exchange(port, "GET /readyz")
            #expect(first.status == 503)
            #expect(first.body == "the gateway is draining\nRedis: away\n")
            let second = try await exchange(port, "GET /readyz")
            #expect(second.status == 200)
            #expect(second.body == "ready\n")
        }
    }

    @Test func givesTheMetricsAsTheyAre() async throws {
        let text = "# HELP a_total Ä.\n# TYPE a_total counter\na_total{x=\"y\"} 1\n"
        try await AdminBench.withListener(metrics: { text }) { port in
            let answer = try await exchange(port, "GET /metrics")
            #expect(answer.status == 200)
            #expect(answer.head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"))
            #expect(answer.body == text)
        }
    }

    @Test(arguments: ["GET /", "GET /webhooks/clerk", "POST /webhooks/clerk", "POST /healthz", "GET /api/v1/x"])
    func hasNothingElse(start: String) async throws {
        try await AdminBench.withListener { port in
            let status = try await exchange(port, start).status
            #expect([404, 405].contains(status), "\(status)")
        }
    }

    @Test func aPortThatIsTakenIsAnErrorThatNamesTheSetting() async throws {
        try await AdminBench.withListener { port in
            let second = AdminListener(
                address: ListenAddress(host: "127.0.0.1", port: port), group: MultiThreadedEventLoopGroup.singleton,
                logger: quietLogger, readiness: { .ready }, metrics: { "" }, api: .withoutRedis, onBound: { _ in })
            let error = await #expect(throws: AdminListenerError.self) { try await second.run() }
            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
            #expect(error?.description.contains("admin.listen") == true)
        }
    }

    @Test func anAddressThatIsNotHereIsAnErrorThatNamesTheSetting() async throws {
        let listener = AdminListener(
            address: ListenAddress(host: "no-such-host.invalid", port: 0), group: MultiThreadedEventLoopGroup.singleton,
            logger: quietLogger, readiness: { .ready }, metrics: { "" }, api: .withoutRedis, onBound: { _ in })
        await #expect(throws: AdminListenerError.self) { try await listener.run() }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock {
                $0 += 1
                return $0
            }
        }
    }
}
