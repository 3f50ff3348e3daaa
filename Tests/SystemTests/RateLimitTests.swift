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
            // Nothing arrives before it is sent, however busy the machine is, so that this holds to the letter.
            let burst = rate / 10
            for (index, time) in times.enumerated() {
                #expect(Double(index + 1) <= rate * (start.duration(to: time) / .seconds(1)) + burst)
            }
        }
    }
}
