import Admin
import GatewayConfiguration
import NIOPosix
import Synchronization
import TestSupport
import Testing

@Suite struct AdminListenerTests {
    /// Runs `body` with the port of a listener.
    private func withListener(
        readiness: @escaping @Sendable () async -> Readiness = { .ready },
        metrics: @escaping @Sendable () async -> String = { "" },
        _ body: @Sendable (Int) async throws -> Void
    ) async throws {
        let (ports, bound) = AsyncStream<Int>.makeStream()
        let listener = AdminListener(
            address: ListenAddress(host: "127.0.0.1", port: 0), group: MultiThreadedEventLoopGroup.singleton,
            logger: quietLogger, readiness: readiness, metrics: metrics, onBound: { bound.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { bound.finish() }
                try await listener.run()
            }
            var iterator = ports.makeAsyncIterator()
            try await body(#require(await iterator.next(), "the listener must open"))
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func exchange(_ port: Int, _ start: String) async throws -> String {
        let client = try await RawClient.connect(to: port)
        client.send("\(start) HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        let answer = try await client.untilEnd()
        await client.close()
        return answer
    }

    @Test func isHealthyWhileItRunsWhateverElse() async throws {
        try await withListener(readiness: { .notReady(reasons: ["no Redis"]) }) { port in
            let answer = try await exchange(port, "GET /healthz")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.lowercased().contains("cache-control: no-store\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nok\n"))
        }
    }

    @Test func isAskedForReadinessEachTime() async throws {
        let asked = Counter()
        try await withListener(readiness: {
            asked.next() == 1 ? .notReady(reasons: ["the gateway is draining", "Redis: away"]) : .ready
        }) { port in
            let first = try await exchange(port, "GET /readyz")
            #expect(first.hasPrefix("HTTP/1.1 503 "))
            #expect(first.hasSuffix("\r\n\r\nthe gateway is draining\nRedis: away\n"))
            let second = try await exchange(port, "GET /readyz")
            #expect(second.hasPrefix("HTTP/1.1 200 "))
            #expect(second.hasSuffix("\r\n\r\nready\n"))
        }
    }

    @Test func givesTheMetricsAsTheyAre() async throws {
        let text = "# HELP a_total Ä.\n# TYPE a_total counter\na_total{x=\"y\"} 1\n"
        try await withListener(metrics: { text }) { port in
            let answer = try await exchange(port, "GET /metrics")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.lowercased().contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n" + text))
        }
    }

    @Test(arguments: ["GET /", "GET /webhooks/clerk", "POST /webhooks/clerk", "POST /healthz", "GET /api/v1/events"])
    func hasNothingElse(start: String) async throws {
        try await withListener { port in
            let status = try await exchange(port, start).dropFirst("HTTP/1.1 ".count).prefix(3)
            #expect(["401", "404", "405"].contains(status), "\(status)")
        }
    }

    @Test func aPortThatIsTakenIsAnErrorThatNamesTheSetting() async throws {
        try await withListener { port in
            let second = AdminListener(
                address: ListenAddress(host: "127.0.0.1", port: port), group: MultiThreadedEventLoopGroup.singleton,
                logger: quietLogger, readiness: { .ready }, metrics: { "" }, onBound: { _ in })
            let error = await #expect(throws: AdminListenerError.self) { try await second.run() }
            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
            #expect(error?.description.contains("admin.listen") == true)
        }
    }

    @Test func anAddressThatIsNotHereIsAnErrorThatNamesTheSetting() async throws {
        let listener = AdminListener(
            address: ListenAddress(host: "no-such-host.invalid", port: 0), group: MultiThreadedEventLoopGroup.singleton,
            logger: quietLogger, readiness: { .ready }, metrics: { "" }, onBound: { _ in })
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
