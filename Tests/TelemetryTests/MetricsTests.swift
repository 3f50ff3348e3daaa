import Testing

@testable import Telemetry

@Suite("Metrics")
struct MetricsTests {
    private func lines(_ metrics: Metrics, _ gauges: Gauges = Gauges(isRedisUp: true)) -> [String] {
        metrics.text(gauges).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test func everyFamilyOfTheContractIsThere() {
        let metrics = Metrics(version: "1.2.3")
        metrics.event(source: "clerk", outcome: .accepted)
        metrics.destination("email").count(.delivered)
        let gauges = Gauges(
            isRedisUp: true,
            destinations: [
                .init(
                    name: "email", pending: 3, deadLetters: 1, oldestPending: .milliseconds(1500), isBreakerOpen: true),
                .init(name: "crm", pending: 0, deadLetters: 0, oldestPending: .zero, isBreakerOpen: false),
            ])
        let lines = lines(metrics, gauges)
        let expected = [
            "oncegate_build_info{version=\"1.2.3\"} 1",
            "oncegate_events_total{source=\"clerk\",outcome=\"accepted\"} 1",
            "oncegate_events_total{source=\"clerk\",outcome=\"duplicate\"} 0",
            "oncegate_deliveries_total{destination=\"email\",outcome=\"delivered\"} 1",
            "oncegate_deliveries_total{destination=\"email\",outcome=\"dead\"} 0",
            "oncegate_accept_seconds_count 0",
            "oncegate_delivery_seconds_count{destination=\"email\"} 0",
            "oncegate_pending{destination=\"crm\"} 0",
            "oncegate_pending{destination=\"email\"} 3",
            "oncegate_dead_letters{destination=\"email\"} 1",
            "oncegate_oldest_pending_seconds{destination=\"email\"} 1.5",
            "oncegate_breaker_open{destination=\"crm\"} 0",
            "oncegate_breaker_open{destination=\"email\"} 1",
            "oncegate_redis_up 1",
        ]
        for line in expected { #expect(lines.contains(line), "\(line)") }
        #expect(lines.last == "")
    }

    /// Secrets that never match are shown too, and those of an earlier configuration stay.
    @Test func secretsAreCountedByPosition() {
        let metrics = Metrics(version: "1")
        metrics.source("clerk").expect(secrets: [0, 2])
        metrics.source("clerk").verified(secret: 2)
        metrics.source("clerk").verified(secret: 2)
        metrics.source("clerk").expect(secrets: [1, -1, SourceMetrics.maximumSecrets])
        metrics.source("clerk").verified(secret: SourceMetrics.maximumSecrets)
        #expect(
            lines(metrics).filter { $0.hasPrefix("oncegate_verified_total{") } == [
                "oncegate_verified_total{source=\"clerk\",secret=\"0\"} 0",
                "oncegate_verified_total{source=\"clerk\",secret=\"1\"} 0",
                "oncegate_verified_total{source=\"clerk\",secret=\"2\"} 2",
            ])
    }

    @Test func unknownGaugesAreLeftOut() {
        let lines = lines(Metrics(version: "1"), Gauges(isRedisUp: false, destinations: [.init(name: "email")]))
        #expect(lines.contains("oncegate_redis_up 0"))
        #expect(!lines.contains { $0.hasPrefix("oncegate_pending{") || $0.hasPrefix("oncegate_breaker_open{") })
    }

    @Test func histogram() {
        let metrics = Metrics(version: "1")
        let email = metrics.destination("email")
        for milliseconds in [-5, 0, 1, 2, 100, 70_000] { email.duration(.milliseconds(milliseconds)) }
        email.duration(.nanoseconds(500_000))
        email.duration(.nanoseconds(500_001))
        let found = lines(metrics).filter { $0.hasPrefix("oncegate_delivery_seconds") }
        #expect(
            found == [
                ("0.0005", 3), ("0.001", 5), ("0.0025", 6), ("0.005", 6), ("0.01", 6), ("0.025", 6), ("0.05", 6),
                ("0.1", 7), ("0.25", 7), ("0.5", 7), ("1", 7), ("2.5", 7), ("5", 7), ("10", 7), ("30", 7), ("60", 7),
                ("+Inf", 8),
            ].map { "oncegate_delivery_seconds_bucket{destination=\"email\",le=\"\($0.0)\"} \($0.1)" } + [
                "oncegate_delivery_seconds_sum{destination=\"email\"} 70.104000001",
                "oncegate_delivery_seconds_count{destination=\"email\"} 8",
            ])
    }

    @Test func boundsAndTheirLabelsAgree() {
        for (nanoseconds, label) in Histogram.bounds { #expect(Double(label) == Double(nanoseconds) / 1e9) }
        #expect(Histogram.bounds.map(\.nanoseconds) == Histogram.bounds.map(\.nanoseconds).sorted())
    }

    @Test func handlesOutliveAReload() {
        let metrics = Metrics(version: "1")
        metrics.destination("email").count(.delivered)
        metrics.destination("email").count(.delivered)
        metrics.source("clerk").count(.duplicate)
        metrics.event(source: "clerk", outcome: .duplicate)
        metrics.event(source: nil, outcome: .malformed)
        metrics.accept(.milliseconds(2))
        metrics.accept(seconds: 0.003)
        let lines = lines(metrics)
        #expect(lines.contains("oncegate_deliveries_total{destination=\"email\",outcome=\"delivered\"} 2"))
        #expect(lines.contains("oncegate_events_total{source=\"clerk\",outcome=\"duplicate\"} 2"))
        #expect(lines.contains("oncegate_events_total{source=\"\",outcome=\"malformed\"} 1"))
        #expect(lines.contains("oncegate_accept_seconds_sum 0.005"))
    }

    @Test func countingFromManyThreadsLosesNothing() async {
        let metrics = Metrics(version: "1")
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let email = metrics.destination("email")
                    for _ in 0..<10_000 {
                        email.count(.delivered)
                        email.duration(.milliseconds(3))
                    }
                }
            }
        }
        let lines = lines(metrics)
        #expect(lines.contains("oncegate_deliveries_total{destination=\"email\",outcome=\"delivered\"} 80000"))
        #expect(lines.contains("oncegate_delivery_seconds_count{destination=\"email\"} 80000"))
        #expect(lines.contains("oncegate_delivery_seconds_sum{destination=\"email\"} 240"))
    }

    @Test func processFigures() throws {
        let lines = lines(Metrics(version: "1"))
        func value(_ name: String) throws -> Double {
            let line = try #require(lines.first { $0.hasPrefix(name + " ") }, "\(name)")
            return try #require(Double(line.dropFirst(name.count + 1)))
        }
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_max_fds") >= 3)
        #expect(try value("process_start_time_seconds") > 1_700_000_000)
    }

    @Test func outcomesAreSnakeCase() {
        let labels = EventOutcome.allCases.map(\.rawValue) + DeliveryOutcome.allCases.map(\.rawValue)
        for label in labels { #expect(label.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil, "\(label)") }
    }
}

@Suite("Prometheus text")
struct PrometheusTextTests {
    @Test func goldenText() {
        var text = PrometheusText()
        text.family("a_total", .counter, help: "Line one\nC:\\two.")
        text.sample("a_total", [], 0)
        text.sample("a_total", [("path", "C:\\dir"), ("name", "say \"hi\"\nü")], 18_446_744_073_709_551_615 as UInt64)
        text.family("b", .gauge, help: "b")
        text.sample("b", [], 0.5)
        text.sample("b", [], -2.0)
        text.sample("b", [], 1e20)
        text.sample("b", [], 0.000001)
        text.sample("b", [], Double.infinity)
        text.sample("b", [], -Double.infinity)
        text.sample("b", [], Double.nan)
        #expect(
            text.text == """
                # HELP a_total Line one\\nC:\\\\two.
                # TYPE a_total counter
                a_total 0
                a_total{path="C:\\\\dir",name="say \\"hi\\"\\nü"} 18446744073709551615
                # HELP b b
                # TYPE b gauge
                b 0.5
                b -2
                b 1e+20
                b 1e-06
                b +Inf
                b -Inf
                b NaN

                """)
    }
}
