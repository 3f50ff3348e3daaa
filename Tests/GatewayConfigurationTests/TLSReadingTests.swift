import GatewayConfiguration
import Testing

@Suite struct TLSReadingTests {
    private static let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    private static let key = "-----BEGIN PRIVATE KEY-----\n\(Surroundings.sentinel)\n-----END PRIVATE KEY-----\n"
    private static let files = ["/tls/crt": pem, "/tls/key": key, "/tls/ca": pem]

    private func load(
        _ yaml: String, complaint: @escaping (TLSMaterial) -> String? = { _ in nil }
    ) -> Result<GatewayConfiguration.Loaded, GatewayConfiguration.Problems> {
        GatewayConfiguration.load(
            yaml: yaml, file: "oncegate.yaml",
            environment: Surroundings.environment.merging(["KEY": Self.key, "GONE": "/gone"]) { $1 },
            readFile: { path in
                guard let text = Self.files[path] else { throw Surroundings.NoSuchFile() }
                return text
            }, tlsComplaint: complaint)
    }

    @Test func filesAreRead() throws {
        let yaml = Surroundings.minimal(
            destination: "tls: { ca: /tls/ca, certificate: /tls/crt, key: \"${KEY}\", insecure_skip_verify: never }",
            top: """
                tls: { certificate: "/tls/crt", key: /tls/key }
                trusted_proxies: [10.0.0.0/8, "::1"]
                limits: { connections_per_address: 7, idle_timeout: 2m }
                """
        ).replacing("http://email", with: "https://email")
        let configuration = try load(yaml).get().configuration
        #expect(configuration.tls?.certificates == Self.pem)
        #expect(configuration.tls?.key.revealed == Self.key)
        #expect(configuration.destinations[0].tls?.authorities == Self.pem)
        #expect(configuration.destinations[0].tls?.identity == configuration.tls)
        #expect(configuration.trustedProxies.map(\.description) == ["10.0.0.0/8", "::1"])
        #expect(configuration.limits.connectionsPerAddress == 7)
        #expect(configuration.limits.idleTimeout == .seconds(120))
        var shown = ""
        dump(configuration, to: &shown)
        #expect(!shown.contains(Surroundings.sentinel))
    }

    @Test func aSourceCanBeForSomeOnly() throws {
        let yaml = Surroundings.minimal().replacing(
            "secrets:", with: "allowed_addresses: [203.0.113.0/24, 192.0.2.7], secrets:")
        let loaded = try load(yaml).get()
        #expect(
            loaded.configuration.sources[0].allowedAddresses?.map(\.description) == ["203.0.113.0/24", "192.0.2.7"])
        #expect("\(ConfigurationSummary(loaded))".contains("203.0.113.0/24, 192.0.2.7"))
        let nobody = try load(Surroundings.minimal().replacing("secrets:", with: "allowed_addresses: [], secrets:"))
            .get()
        #expect(nobody.warnings.first?.message.contains("lets nobody post") == true)
    }

    /// Lines of a destination and of the file, and what is said about them.
    static let broken: [(destination: String, top: String, message: String)] = [
        ("", "tls: { certificate: /tls/crt }", "`tls` has no key"),
        ("", "tls:", "`tls` is empty"),
        ("", "tls: { certificate: /gone, key: /tls/key }", "the file `/gone` cannot be read: no such file"),
        ("", "tls: { certificate: /tls/crt, key: \"${GONE}\" }", "`key` (from `${GONE}`) cannot be read"),
        ("", "tls: { certificate: \"\", key: /tls/key }", "`certificate` names no file"),
        ("", "tls: { cert: /tls/crt, certificate: /tls/crt, key: /tls/key }", "unknown key `cert` in `tls`"),
        ("", "trusted_proxies: 10.0.0.0/8", "expected a list such as `trusted_proxies: [\"10.0.0.0/8\"]`"),
        ("", "trusted_proxies: [10.0.0.1/8]", "an entry of `trusted_proxies` is `10.0.0.1/8`; expected an address"),
        ("", "limits: { connections_per_address: 0 }", "expected 1 to 1000000"),
        ("", "limits: { idle_timeout: 2h }", "expected 1s to 1h"),
        ("tls: { ca: /gone }", "", "the file `/gone` cannot be read"),
        ("tls: { certificate: /tls/crt }", "", "`certificate` needs a `key` beside it"),
        ("tls: { key: /tls/key }", "", "`key` needs a `certificate` beside it"),
        ("tls: { insecure_skip_verify: true }", "", "expected `never`, for certificates are always verified"),
    ]

    @Test(arguments: broken.indices) func whatCannotBeUsedIsReported(index: Int) throws {
        let row = Self.broken[index]
        let yaml = Surroundings.minimal(destination: row.destination, top: row.top).replacing(
            "http://email", with: "https://email")
        guard case .failure(let found) = load(yaml) else {
            Issue.record("accepted")
            return
        }
        #expect(found.problems.count == 1, "\(found)")
        #expect(found.problems[0].message.contains(row.message), "\(found)")
        #expect(!"\(found)".contains(Surroundings.sentinel))
    }

    @Test func tlsForPlainHTTPIsAMistake() {
        guard case .failure(let found) = load(Surroundings.minimal(destination: "tls: { ca: /tls/ca }")) else {
            Issue.record("accepted")
            return
        }
        #expect(
            found.problems.map(\.message) == [
                "the destination `email` has `tls`, and an address that begins with http://"
            ])
    }

    @Test func whatTheLibrarySaysIsReportedWhereTheCertificateIs() {
        let yaml = Surroundings.minimal(top: "tls: { certificate: /tls/crt, key: /tls/key }")
        guard case .failure(let found) = load(yaml, complaint: { _ in "it is old" }) else {
            Issue.record("accepted")
            return
        }
        #expect(found.description == "oncegate.yaml:7:21: `certificate` cannot be used: it is old")
    }
}
