import GatewayConfiguration
import Testing
import Webhooks

@Suite struct SchemeTests {
    private static let yaml = """
        sources:
          clerk: { secrets: ["${CLERK_WEBHOOK_SECRET}"] }
          keys: { scheme: standard-webhooks, secrets: [whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=] }
          code: { scheme: github, secrets: ["${UNSET:-}", SENTINEL-and-so-on] }
          pay: { scheme: stripe, secrets: [whsec_SENTINEL-and-so-on], tolerance: 1m }
          chat: { scheme: slack, secrets: [SENTINEL-and-so-on] }
          shop: { scheme: shopify, secrets: [SENTINEL-and-so-on] }
          partner:
            scheme: hmac
            secrets: [SENTINEL-and-so-on]
            hmac:
              algorithm: sha512
              encoding: base64
              header: X-Partner-Signature
              prefix: "sha512="
              content: "{id}.{timestamp}.{body}"
              timestamp: X-Partner-Time
              id: { header: X-Partner-Id }
              type: { json: event.name }
          plain: { scheme: hmac, secrets: [SENTINEL-and-so-on], hmac: { header: x-sig, id: { json: id } } }
        destinations: { email: { url: "http://email/" } }
        routes: [{ events: ["**"], to: [email] }]
        """

    @Test func everySchemeIsRead() throws {
        let loaded = try Surroundings.load(Self.yaml).get()
        let sources = Dictionary(uniqueKeysWithValues: loaded.configuration.sources.map { ($0.name, $0) })
        #expect(loaded.warnings.isEmpty, "\(loaded.warnings)")
        #expect(sources["clerk"]?.scheme == .svix)
        #expect(sources["keys"]?.scheme == .svix)
        #expect(sources["code"]?.scheme == .github)
        #expect(sources["pay"]?.scheme == .stripe)
        #expect(sources["pay"]?.tolerance == .seconds(60))
        #expect(sources["chat"]?.scheme == .slack)
        #expect(sources["shop"]?.scheme == .shopify)
        var partner = CustomScheme(header: "x-partner-signature", id: .header("x-partner-id"))
        partner.algorithm = .sha512
        partner.encoding = .base64
        partner.prefix = "sha512="
        partner.content = try SignedContent(template: "{id}.{timestamp}.{body}")
        partner.timestamp = "x-partner-time"
        partner.type = .json("event.name")
        #expect(sources["partner"]?.scheme == partner.scheme)
        #expect(sources["plain"]?.scheme == CustomScheme(header: "x-sig", id: .json("id")).scheme)
    }

    /// The metric names a secret by where it stands in the file.
    @Test func secretsKeepTheirPositions() throws {
        let sources = try Surroundings.load(Self.yaml).get().configuration.sources
        #expect(sources.first { $0.name == "code" }?.secretPositions == [1])
        #expect(sources.first { $0.name == "clerk" }?.secretPositions == [0])
    }

    @Test func theSummarySaysHow() throws {
        let text = ConfigurationSummary(try Surroundings.load(Self.yaml).get()).description
        #expect(text.contains("code     /webhooks/code     github   1        no time is signed"), "\(text)")
        #expect(text.contains("partner  /webhooks/partner  hmac     1        5m"), "\(text)")
        // Clerk's types are those of senders like Clerk; others have types of their own.
        #expect(text.contains("EVENTS OF code  GO TO\nevery type"), "\(text)")
        #expect(!text.contains(Surroundings.sentinel))
    }

    @Test(arguments: [
        (
            "scheme: github, tolerance: 5m, secrets: [SENTINEL-and-so-on]",
            "`tolerance` has no effect: the source `a` signs no time"
        ),
        ("scheme: github, secrets: [SENTINEL]", "a secret is shorter than 16 bytes"),
        (
            "scheme: hmac, secrets: [SENTINEL-and-so-on], hmac: { header: x, id: { header: x-id } }",
            "the id is not part of `content`"
        ),
    ])
    func whatIsProbablyNotMeantIsSaid(source: String, warning: String) throws {
        let loaded = try Surroundings.load(
            "{ sources: { a: { \(source) } }, destinations: { e: { url: \"http://e/\" } }, "
                + "routes: [{ events: [\"**\"], to: [e] }] }"
        ).get()
        #expect(loaded.warnings.count == 1)
        #expect(loaded.warnings.first?.message.contains(warning) == true, "\(loaded.warnings)")
    }
}
