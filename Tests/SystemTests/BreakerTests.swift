import Testing

@Suite("The breaker of a destination")
struct BreakerTests {
    @Test("After a run of failures a destination is probed until it works again, and nothing is lost")
    func opensProbesAndCloses() async throws {
        let count = 30
        try await Stage.with { stage in
            let email = try stage.closedService([.status(200)])
            let crm = try await stage.service()
            let setup = Setup(
                redis: try await stage.redis(),
                destinations: [
                    .init("email", email, "breaker: { failures: 5, probe: 300ms, probe_max: 600ms }, concurrency: 1"),
                    .init("crm", crm),
                ],
                // Fewer attempts than the outage uses up, probes included, on a machine of any speed.
                retry: "{ attempts: 6, first: 10ms, factor: 1, jitter: 0 }")
            let gateway = try await stage.gateway(setup)
            for _ in 0..<count { try await gateway.accept(SignedEvent()) }
            try await crm.waitForRequests(count)
            let open = "oncegate_breaker_open{destination=\"email\"}"
            try await eventually("the breaker is open") { try await gateway.metric(open) == 1 }
            #expect(try await gateway.metric("oncegate_breaker_open{destination=\"crm\"}") == 0)
            try await gateway.waitForLog("breaker open: deliveries wait") { $0["destination"] == "email" }
            // Some probes fail before the service is there.
            let retried = "oncegate_deliveries_total{destination=\"email\",outcome=\"retried\"}"
            try await eventually("two probes have failed") { try await gateway.metric(retried) ?? 0 >= 7 }
            try await email.open()
            try await email.waitForRequests(count)
            try await gateway.waitForLog("breaker closed: deliveries go on")
            #expect(Set(email.requests.map(\.id)).count == count)
            #expect(email.requests.count == count)
            #expect(try await gateway.metric("oncegate_dead_letters{destination=\"email\"}") == 0)
            #expect(try await gateway.metric(open) == 0)
        }
    }
}
