import GatewayConfiguration
import Testing
import Webhooks

/// The example of the documentation, word for word, and the defaults.
@Suite struct FullConfigurationTests {
    @Test func exampleHasTheExpectedValues() throws {
        let loaded = try Surroundings.load(try Surroundings.resource("full.yaml")).get()
        let configuration = loaded.configuration

        #expect(loaded.warnings.isEmpty)
        #expect(configuration.listen == ListenAddress(host: "0.0.0.0", port: 8080))
        #expect(configuration.admin.listen == ListenAddress(host: "127.0.0.1", port: 9090))
        #expect(configuration.admin.token == nil)
        #expect(configuration.redis?.url.revealed == Surroundings.environment["REDIS_URL"])
        #expect(configuration.redis?.prefix == "og")
        #expect(configuration.redis?.allowEviction == false)
        #expect(configuration.dataDirectory == "./oncegate-data")
        #expect(configuration.idempotency.window == .seconds(86_400))
        #expect(configuration.retention == .init(time: .seconds(86_400), events: 100_000))
        #expect(configuration.maxPending == 1_000_000)
        #expect(configuration.limits == .init(body: 1_048_576, connections: 10_000, requestTimeout: .seconds(10)))
        #expect(configuration.log == .init(format: .json, level: .info))
    }

    @Test func exampleHasTheExpectedSourceAndRoutes() throws {
        let configuration = try Surroundings.load(try Surroundings.resource("full.yaml")).get().configuration

        let source = try #require(configuration.sources.first)
        #expect(configuration.sources.count == 1)
        #expect(source.name == "clerk")
        #expect(source.path == "/webhooks/clerk")
        #expect(source.scheme == .svix)
        #expect(source.secrets == [Secret(Surroundings.secret)])
        #expect(source.keys.count == 1)
        #expect(source.tolerance == .seconds(300))
        let table = RoutingTable(configuration.routes)
        #expect(table.destinations(source: "clerk", type: "user.created") == ["email", "crm", "analytics"])
        #expect(table.destinations(source: "clerk", type: "organizationDomain.created") == ["crm", "analytics"])
        #expect(table.destinations(source: "clerk", type: "sms.created") == ["analytics"])
    }

    @Test func exampleHasTheExpectedDestinations() throws {
        let configuration = try Surroundings.load(try Surroundings.resource("full.yaml")).get().configuration

        #expect(configuration.destinations.map(\.name) == ["email", "crm", "analytics"])
        let email = configuration.destinations[0]
        #expect(email.url == "http://email:3000/events")
        let token = try #require(Surroundings.environment["EMAIL_TOKEN"])
        #expect(email.headers == [.init(name: "authorization", value: Secret("Bearer \(token)"))])
        #expect(email.rateLimit == RateLimit(count: 100, per: .second))
        #expect(email.signingSecret == nil)
        let crm = configuration.destinations[1]
        #expect(crm.url == "http://crm:3000/events")
        #expect(crm.headers.isEmpty)
        #expect(crm.rateLimit == nil)
        // What the first writes out is what the second gets by default.
        for destination in [email, crm] {
            #expect(destination.payload == .cloudevents)
            #expect(destination.timeout == .seconds(15))
            #expect(destination.concurrency == 32)
            #expect(
                destination.retry
                    == .exponential(attempts: 12, first: .seconds(5), factor: 3, max: .seconds(21_600), jitter: 0.2))
            #expect(destination.onUnknown == .retry)
            #expect(destination.skipStale == false)
            #expect(
                destination.breaker == .init(failures: 20, probe: .seconds(10), probeMax: .seconds(300)))
            #expect(destination.ordering == .none)
        }
    }

    @Test func whatIsLeftOutIsAsInTheExample() throws {
        let full = try Surroundings.load(try Surroundings.resource("full.yaml")).get().configuration
        let minimal = try Surroundings.load(Surroundings.minimal()).get().configuration

        #expect(minimal.listen == full.listen)
        #expect(minimal.admin == full.admin)
        #expect(minimal.redis == nil)
        #expect(minimal.dataDirectory == full.dataDirectory)
        #expect(minimal.idempotency == full.idempotency)
        #expect(minimal.retention == full.retention)
        #expect(minimal.maxPending == full.maxPending)
        #expect(minimal.limits == full.limits)
        #expect(minimal.sources[0].path == full.sources[0].path)
        #expect(minimal.sources[0].tolerance == full.sources[0].tolerance)
    }

    @Test func everyOtherChoiceIsRead() throws {
        let yaml = Surroundings.minimal(
            destination: """
                payload: cloudevents-binary
                    signing_secret: ${CLERK_WEBHOOK_SECRET}
                    rate_limit: 6000/m
                    retry: { schedule: [5s, 5m], jitter: 0 }
                    on_unknown: hold
                    skip_stale: true
                    ordering: subject
                """,
            top: "log: { format: text, level: debug }\nadmin: { listen: \"[::]:9090\", token: 0123456789abcdef }")
        let loaded = try Surroundings.load(yaml).get()
        let email = loaded.configuration.destinations[0]

        #expect(email.payload == .cloudeventsBinary)
        #expect(email.signingSecret != nil)
        #expect(email.rateLimit?.perSecond == 100)
        #expect(email.retry == .schedule([.seconds(5), .seconds(300)], jitter: 0))
        #expect(email.onUnknown == .hold)
        #expect(email.skipStale)
        #expect(email.ordering == .subject)
        #expect(loaded.configuration.log == .init(format: .text, level: .debug))
        #expect(loaded.configuration.admin.token == Secret("0123456789abcdef"))
        #expect(loaded.warnings.isEmpty)
    }

    @Test func anAliasStandsForItsAnchor() throws {
        let yaml = """
            sources: { clerk: { secrets: ["${CLERK_WEBHOOK_SECRET}"] } }
            destinations:
              email: { url: http://email/, retry: &slow { attempts: 3 } }
              crm: { url: http://crm/, retry: *slow }
            routes: [{ events: ["**"], to: [email, crm] }]
            """
        let configuration = try Surroundings.load(yaml).get().configuration
        #expect(configuration.destinations.map(\.retry.attempts) == [3, 3])
    }
}
