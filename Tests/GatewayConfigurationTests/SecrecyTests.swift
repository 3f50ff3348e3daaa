import GatewayConfiguration
import Testing
import Webhooks

/// No textual form of a configuration shows what must stay secret.
@Suite struct SecrecyTests {
    private static let yaml = """
        admin: { token: "\(Surroundings.sentinel)-0123456789" }
        redis: { url: "${REDIS_URL}" }
        sources: { clerk: { secrets: ["${CLERK_WEBHOOK_SECRET}"] } }
        destinations:
          email:
            url: https://email/events?token=abcQUERYdef
            headers: { authorization: "Bearer ${EMAIL_TOKEN}" }
            signing_secret: ${CLERK_WEBHOOK_SECRET}
        routes: [{ events: ["**"], to: [email] }]
        """

    @Test func noSecretIsPrinted() throws {
        let loaded = try Surroundings.load(Self.yaml).get()
        var dumped = ""
        dump(loaded, to: &dumped)
        let texts = [
            dumped, "\(loaded)", String(reflecting: loaded), "\(loaded.configuration.destinations)",
            "\(loaded.configuration.sources)", ConfigurationSummary(loaded).description,
        ]
        // The key's bytes, were they dumped as numbers or hexadecimal digits.
        let key = "31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0"
        for text in texts {
            #expect(!text.contains(Surroundings.sentinel))
            #expect(!text.contains(Surroundings.secret.dropFirst(6)))
            #expect(!text.lowercased().contains(key))
            #expect(!text.contains("49, 242, 144"))
            #expect(!text.contains("QUERY"))
        }
    }

    @Test(arguments: [
        ("http://user:pw@host:80/a?b=c#d", "http://host:80/a"), ("https://host", "https://host"),
        ("https://host?x=1", "https://host"), ("nonsense", "(not a URL)"),
    ])
    func theShownURLHasNoUserinfoAndNoQuery(url: String, expected: String) {
        let destination = Destination(name: "a", url: url)
        #expect(destination.shownURL == expected)
        #expect(destination.description == "a (\(expected))")
    }
}
