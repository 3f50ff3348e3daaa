import Testing

@Suite("The rate limit of a destination")
struct RateLimitTests {
    @Test("Two gateways together keep to the rate, and other destinations do not notice")
    func rateOverAllProcesses() async throws {
        let rate = 20.0
        let count = 30
        try await Stage.with { stage in
            let email = try await stage.service()
            let crm = try await stage.service()
            let setup = Setup(
                redis: try await stage.redis(),
                destinations: [.init("email", email, "rate_limit: \(Int(rate))/s"), .init("crm", crm)])
            let gateways = [try await stage.gateway(setup), try await stage.gateway(setup)]
            let start = ContinuousClock.now
            for number in 0..<count { try await gateways[number % 2].accept(SignedEvent()) }
            try await crm.waitForRequests(count)
            try await email.waitForRequests(count)
            let times = email.requests.map(\.at).sorted()
            let burst = rate / 10
            #expect(start.duration(to: try #require(times.last)) >= .seconds((Double(count) - burst) / rate))
            // A busy machine lets requests arrive closer together than they were sent.
            let slack = 1.0
            for first in times.indices {
                for last in first..<times.count {
                    let seconds = times[first].duration(to: times[last]) / .seconds(1)
                    #expect(Double(last - first + 1) <= rate * (seconds + slack) + burst)
                }
            }
        }
    }
}
