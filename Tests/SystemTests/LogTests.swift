import Foundation
import Testing

@Suite("What the log says, and what it does not")
struct LogTests {
    private static let destinationSecret = "whsec_ZGVzdGluYXRpb24tc2lnbmluZy1rZXktMTIzNA=="
    private static let bearer = "b3arer-t0ken-of-the-email-service"
    private static let adminToken = "adm1n-t0ken-of-the-operators-1234"
    private static let address = "ada.lovelace@example.org"

    /// A gateway that has been through good and bad days, all lines in its log.
    private func withHistory(_ body: (_ log: String, _ signatures: [String]) async throws -> Void) async throws {
        try await Stage.with { stage in
            let email = try await stage.service(.status(500), .status(200), .status(410), .close, .hold)
            let crm = try stage.closedService()
            let redis = try await stage.redis("--requirepass", "")
            let setup = Setup(
                redis: redis,
                destinations: [
                    .init(
                        "email", email,
                        "timeout: 300ms, signing_secret: \"\(Self.destinationSecret)\", "
                            + "headers: { authorization: \"Bearer ${SYSTEM_TEST_TOKEN}\" }"),
                    .init("crm", crm, "headers: { x-key: \(Self.bearer) }"),
                ], extra: "log: { level: trace }")
            let yaml = stage.yaml(setup).replacing(
                "admin: { listen: 127.0.0.1:0 }", with: "admin: { listen: 127.0.0.1:0, token: \(Self.adminToken) }")
            let gateway = try await stage.gateway(yaml: yaml, environment: ["SYSTEM_TEST_TOKEN": Self.bearer])
            let signatures = try await history(gateway)
            try await eventually("every delivery is settled") { try await redis.pending() == 0 }
            _ = try await gateway.reload(
                yaml.replacing(Self.destinationSecret, with: Self.destinationSecret + "!").replacing(
                    "to: [email, crm]", with: "to: [email, nobody]"))
            redis.kill()
            #expect(try await gateway.post(SignedEvent(body: Self.person)).status == 503)
            _ = try await gateway.admin("/readyz")
            #expect(try await gateway.terminate() == .code(0))
            try await body(gateway.process.errors, signatures)
        }
    }

    private static let person =
        #"{"type":"user.created","data":{"id":"user_9","first_name":"Augusta","email_addresses":[{"id":"i","#
        + #""email_address":"ada.lovelace@example.org"}],"primary_email_address_id":"i","phone":"+441234567"}}"#

    /// Sends what a front door gets to see.
    /// - Returns: the signatures that were sent.
    private func history(_ gateway: GatewayProcess) async throws -> [String] {
        var signatures: [String] = []
        for number in 0..<5 {
            let event = SignedEvent(id: "evt_\(number)", body: Self.person)
            signatures.append(try event.signature())
            try await gateway.accept(event)
            #expect(try await gateway.post(event).status == 200)
        }
        let event = SignedEvent(id: "evt_bad", body: Self.person)
        var requests = try [
            event.request(), event.moved(by: -999).request(), event.request(),
            SignedEvent(id: "evt_broken", body: "{\"data\":\"\(Self.address)\"").request(),
            SignedEvent(id: "evt.dot", body: Self.person).request(),
        ]
        requests[0]["svix-signature"] = "v1,d3Jvbmctc2lnbmF0dXJlLWluLXRoZS1sb2ctdGVzdHM="
        requests[2]["svix-signature"] = nil
        requests[2]["authorization"] = "Bearer \(Self.address)"
        for request in requests {
            if let signature = request["svix-signature"] { signatures.append(signature) }
            #expect(try await gateway.send(request).status == 400)
        }
        signatures.append(try event.signature())
        var elsewhere = try event.request()
        elsewhere.target = "/users/\(Self.address)?email=\(Self.address)"
        #expect(try await gateway.send(elsewhere).status == 404)
        return signatures
    }

    @Test("Every line is one JSON object with a time, a level and a message")
    func lines() async throws {
        try await withHistory { log, _ in
            #expect(log.hasSuffix("\n"))
            for line in log.split(separator: "\n") {
                let entry = try #require(LogEntry(line), "\(line)")
                #expect(entry["time"]?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
                #expect(["trace", "debug", "info", "notice", "warning", "error", "critical"].contains(entry.level))
                #expect(!entry.message.isEmpty)
            }
            #expect(log.contains("\"message\":\"stopped\""))
        }
    }

    @Test("No secret, no signature, no address and nothing of a body is in the log, at its most talkative")
    func secrecy() async throws {
        try await withHistory { log, signatures in
            var hidden = signatures.flatMap { [$0, String($0.dropFirst(3))] }
            for secret in [SignedEvent.secret, Self.destinationSecret] {
                let encoded = String(secret.dropFirst(6))
                let decoded = try #require(Data(base64Encoded: encoded))
                hidden += [secret, encoded, String(decoding: decoded, as: UTF8.self)]
            }
            hidden += [Self.bearer, Self.adminToken, Self.address, "@example.org", "lovelace", "Augusta", "+441234567"]
            hidden += ["first_name", "email_addresses", "Bearer"]
            for text in hidden where log.contains(text) {
                let line = log.split(separator: "\n").first { $0.contains(text) }
                Issue.record("\(text) is in the log: \(line ?? "")")
            }
            // JSON may write a slash as \/, and so hide a signature from the search above.
            #expect(!log.contains("\\/"))
        }
    }

    @Test("There is one line for each accepted event and for each attempt")
    func everyEvent() async throws {
        try await withHistory { log, _ in
            let entries = log.split(separator: "\n").compactMap { LogEntry($0) }
            let accepted = entries.filter { $0.message == "accepted" }
            #expect(accepted.compactMap { $0["id"] }.sorted() == (0..<5).map { "evt_\($0)" })
            for entry in accepted {
                #expect(entry["source"] == "clerk")
                #expect(entry["type"] == "user.created")
            }
            let attempts = entries.filter { $0["attempt"] != nil && $0["destination"] != nil }
            for number in 0..<5 {
                for destination in ["email", "crm"] {
                    let own = attempts.filter { $0["id"] == "evt_\(number)" && $0["destination"] == destination }
                    let numbers = own.compactMap { $0["attempt"].flatMap { Int($0) } }
                    #expect(numbers == Array(1...max(1, numbers.count)), "\(destination), evt_\(number)")
                    #expect(["delivered", "dead letter"].contains(own.last?.message))
                    #expect(own.dropLast().allSatisfy { $0.message == "attempt failed, will be repeated" })
                    #expect(own.allSatisfy { $0["answer"] != nil && $0["ms"] != nil && $0["type"] == "user.created" })
                }
            }
            let refused = entries.filter { $0.message == "refused" }
            #expect(
                refused.compactMap { $0["outcome"] } == [
                    "invalid_signature", "stale_timestamp", "missing_headers", "invalid_payload", "invalid_id",
                    "unknown_path",
                ])
        }
    }

    @Test("With `log: { format: text }` lines are for people, and no more talkative")
    func text() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try stage.startGateway(
                Setup(redis: redis, destinations: [.init("email", email)], extra: "log: { format: text }"))
            try await eventually("the gateway opens") { gateway.process.errors.contains("front door open") }
            #expect(gateway.log.isEmpty)
            #expect(!gateway.process.errors.contains("\u{1B}"))
            #expect(try await gateway.terminate() == .code(0))
        }
    }
}
