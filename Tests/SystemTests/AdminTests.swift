import Testing

@Suite("The admin listener")
struct AdminTests {
    @Test("Health, readiness and the metrics of a known sequence")
    func knownSequence() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.status(500), .status(200))
            let crm = try await stage.service(.status(410))
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(
                    redis: redis, destinations: [.init("email", email), .init("crm", crm)],
                    routes: ["{ events: [user.*], to: [email, crm] }"]))
            #expect(try await gateway.admin("/healthz").status == 200)
            #expect(try await gateway.admin("/readyz").status == 200)
            let event = SignedEvent()
            try await gateway.accept(event)
            #expect(try await gateway.post(event).status == 200)
            #expect(try await gateway.post(event).status == 200)
            #expect(try await gateway.post(SignedEvent(type: "sms.created")).status == 202)
            #expect(try await gateway.post(event.moved(by: -1000)).status == 400)
            #expect(try await gateway.post(SignedEvent(body: "[]")).status == 400)
            #expect(try await gateway.send(RawRequest()).status == 400)
            #expect(try await gateway.send(RawRequest(target: "/nothing")).status == 404)
            #expect(try await gateway.send(RawRequest(method: "GET")).status == 405)
            try await gateway.waitForLog("delivered")
            try await gateway.waitForLog("dead letter")

            let events = [
                ("accepted", 1.0), ("duplicate", 2), ("ignored", 1), ("stale_timestamp", 1), ("invalid_payload", 1),
                ("missing_headers", 1), ("wrong_method", 1), ("invalid_signature", 0), ("unavailable", 0),
            ]
            for (outcome, count) in events {
                let sample = "oncegate_events_total{source=\"clerk\",outcome=\"\(outcome)\"}"
                #expect(try await gateway.metric(sample) ?? 0 == count, "\(outcome)")
            }
            let deliveries = [
                ("email", "delivered", 1.0), ("email", "retried", 1), ("crm", "dead", 1), ("crm", "delivered", 0),
            ]
            for (destination, outcome, count) in deliveries {
                let sample = "oncegate_deliveries_total{destination=\"\(destination)\",outcome=\"\(outcome)\"}"
                #expect(try await gateway.metric(sample) ?? 0 == count, "\(sample)")
            }
            #expect(try await gateway.metric("oncegate_delivery_seconds_count{destination=\"email\"}") == 2)
            #expect(try await gateway.metric("oncegate_delivery_seconds_count{destination=\"crm\"}") == 1)
            // The four that Redis was asked about.
            #expect(try await gateway.metric("oncegate_accept_seconds_count") == 4)
            #expect(try await gateway.metric("oncegate_dead_letters{destination=\"crm\"}") == 1)
            #expect(try await gateway.metric("oncegate_dead_letters{destination=\"email\"}") == 0)
            #expect(try await gateway.metric("oncegate_pending{destination=\"email\"}") == 0)
        }
    }

    @Test("Every promised family is there, with its type, and no label but names of the configuration")
    func families() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            let event = SignedEvent()
            try await gateway.accept(event)
            #expect(try await gateway.send(RawRequest(target: "/x?secret=1")).status == 404)
            try await gateway.waitForLog("delivered")
            let response = try await gateway.admin("/metrics")
            #expect(response.status == 200)
            #expect(response["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            let kinds = [
                "oncegate_events_total": "counter", "oncegate_deliveries_total": "counter",
                "oncegate_accept_seconds": "histogram", "oncegate_delivery_seconds": "histogram",
                "oncegate_pending": "gauge", "oncegate_dead_letters": "gauge",
                "oncegate_oldest_pending_seconds": "gauge", "oncegate_breaker_open": "gauge",
                "oncegate_redis_up": "gauge",
            ]
            for (name, kind) in kinds {
                #expect(response.body.contains("\n# TYPE \(name) \(kind)\n"), "\(name)")
                #expect(response.body.contains("\n\(name)"), "\(name) has samples")
            }
            let label = /(?:source|destination)="([^"]*)"/
            #expect(Set(response.body.matches(of: label).map { String($0.1) }).isSubset(of: ["clerk", "email", ""]))
            #expect(!response.body.contains(event.id))
            #expect(!response.body.contains("127.0.0.1"))
        }
    }

    @Test("A delivery that waits shows in the metrics, with its age")
    func pending() async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.hold)
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            #expect(try await gateway.metric("oncegate_oldest_pending_seconds{destination=\"email\"}") == 0)
            try await gateway.accept(SignedEvent())
            #expect(try await gateway.metric("oncegate_pending{destination=\"email\"}") == 1)
            try await eventually("it grows older") {
                try await gateway.metric("oncegate_oldest_pending_seconds{destination=\"email\"}") ?? 0 > 0.3
            }
            try await email.waitForRequests(1)
            email.release()
            try await eventually("it is settled") {
                try await gateway.metric("oncegate_pending{destination=\"email\"}") == 0
            }
        }
    }

    @Test("Neither listener serves what is the other's")
    func apart() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            for target in ["/healthz", "/readyz", "/metrics", "/api/v1/events", "/"] {
                #expect(try await gateway.send(RawRequest(method: "GET", target: target)).status == 404)
            }
            let event = SignedEvent()
            let response = try await RawConnection.with(port: gateway.adminPort) {
                try await $0.exchange(event.request())
            }
            #expect(response.status == 404)
            #expect(try await redis.size() == 0)
        }
    }
}
