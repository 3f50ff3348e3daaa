import Foundation
import Testing
import Webhooks

@Suite("Every sender's signature")
struct SchemeTests {
    private func withGateway(
        _ body: (_ gateway: GatewayProcess, _ service: RecordingService, _ redis: PrivateRedis, _ stage: Stage)
            async throws -> Void
    ) async throws {
        try await Stage.with { stage in
            let service = try await stage.service()
            let redis = try await stage.redis()
            let setup = Setup(redis: redis, destinations: [.init("email", service)], extra: "log: { level: trace }")
            let gateway = try await stage.gateway(yaml: SchemeSource.yaml(stage.yaml(setup)))
            try await body(gateway, service, redis, stage)
        }
    }

    @Test(
        "What the sender signs is accepted once, and delivered to the letter", arguments: SchemeSource.all.map(\.name))
    func accepted(name: String) async throws {
        let source = SchemeSource.named(name)
        try await withGateway { gateway, service, redis, _ in
            let body = source.body(id: "evt_1")
            let request = try source.request(id: "evt_1", body: body)
            let response = try await gateway.send(request)
            #expect(response.status == 202)
            #expect(response.body == #"{"status":"accepted","id":"evt_1"}"#)
            #expect(try await gateway.send(request).body == #"{"status":"duplicate","id":"evt_1"}"#)
            let delivered = try await service.waitForRequests(1)[0]
            #expect(delivered.id == "evt_1")
            #expect(delivered.headers.first(name: "oncegate-source") == name)
            #expect(delivered.text.contains(#""source":"/\#(name)","type":"invoice.paid""#), "\(delivered.text)")
            #expect(delivered.text.hasSuffix(#","data":\#(source.data(of: body))}"#), "\(delivered.text)")
            try await eventually("the delivery is settled") { try await redis.pending() == 0 }
            #expect(service.requests.count == 1)
            #expect(try await gateway.metric(#"oncegate_verified_total{source="\#(name)",secret="0"}"#) == 2)
        }
    }

    @Test("What is not right leaves no key, and nothing of it in the log", arguments: SchemeSource.all.map(\.name))
    func refused(name: String) async throws {
        let source = SchemeSource.named(name)
        try await withGateway { gateway, service, redis, stage in
            let body = source.body(id: "evt_1", mark: "MARK-of-a-refused-body")
            let right = try source.request(id: "evt_1", body: body)
            let value = try #require(right[source.signatureHeader])
            var requests: [RawRequest] = []
            var changed = right
            changed.body[changed.body.count / 2] ^= 1
            requests.append(changed)
            requests.append(try source.request(id: "evt_1", body: body, secret: SchemeSource.foreign(name)))
            for wrong in ["x", String(value.dropLast(8)), value + "A", "v1=" + value, value.uppercased() + "="] {
                changed = right
                changed[source.signatureHeader] = wrong
                requests.append(changed)
            }
            var twice = right
            twice.headers.append((source.signatureHeader, value))
            requests.append(twice)
            if source.scheme.signsTime {
                requests.append(try source.request(id: "evt_1", body: body, age: 330))
                requests.append(try source.request(id: "evt_1", body: body, age: -330))
            }
            for request in requests {
                let response = try await gateway.send(request)
                #expect(response.status == 400)
                #expect(response.body == #"{"error":"Invalid signature"}"#)
            }
            for (header, _) in right.headers where header != "content-type" {
                var without = right
                without[header] = nil
                let response = try await gateway.send(without)
                #expect(response.status == 400)
                #expect(response.body == #"{"error":"Missing headers"}"#, "\(header)")
            }
            #expect(try await redis.size() == 0)
            #expect(service.requests.isEmpty)
            let hidden = [
                "MARK", source.secret, String(source.secret.dropFirst(6)), source.configured ?? source.secret, value,
                String(value.suffix(40)),
            ]
            let written = try stage.contents(of: "appendonlydir")
            let log = try await gateway.wholeLog()
            for text in hidden {
                #expect(!log.contains(text), "in the log: \(text)")
                #expect(!written.contains(text), "written to Redis: \(text)")
            }
            #expect(try await gateway.send(right).status == 202, "an event that was refused is not claimed")
            #expect(try stage.contents(of: "appendonlydir").contains("MARK"), "where an accepted body is found")
        }
    }

    @Test("Signed, but no event of the scheme: 400, and no key", arguments: SchemeSource.all.map(\.name))
    func unreadable(name: String) async throws {
        let source = SchemeSource.named(name)
        try await withGateway { gateway, _, redis, _ in
            for body in ["", "[]", "{", "token=x&text=y"] {
                let response = try await gateway.send(source.request(id: "evt_1", body: body))
                #expect(response.status == 400)
                #expect(response.body == #"{"error":"Invalid payload"}"#)
                #expect(response["webhook-delivery"] == "abort-message")
            }
            // An id that cannot be claimed, wherever it stands.
            let dotted = try await gateway.send(source.request(id: "evt.1", body: source.body(id: "evt.1")))
            #expect(dotted.body == #"{"error":"Invalid signature"}"#)
            #expect(try await redis.size() == 0)
        }
    }

    @Test("Slack's question is answered where it is signed, and is no event")
    func challenge() async throws {
        let source = SchemeSource.named("chat")
        try await withGateway { gateway, service, redis, _ in
            let body = #"{"token":"t","challenge":"3eZbrw1aBm2r\"\u00e9","type":"url_verification"}"#
            let request = try source.request(id: "", body: body)
            for _ in 0..<2 {
                let response = try await gateway.send(request)
                #expect(response.status == 200)
                #expect(response["content-type"] == "application/json")
                #expect(response.body == #"{"challenge":"3eZbrw1aBm2r\"é"}"#)
            }
            #expect(try await gateway.metric(#"oncegate_events_total{source="chat",outcome="challenge"}"#) == 2)
            var forged = request
            forged["x-slack-signature"] = "v0=" + String(repeating: "0", count: 64)
            #expect(try await gateway.send(forged).body == #"{"error":"Invalid signature"}"#)
            #expect(
                try await gateway.send(source.request(id: "", body: body, age: 330)).body
                    == #"{"error":"Invalid signature"}"#)
            // The same question to a sender that asks none is no event.
            let other = try SchemeSource.named("keys").request(id: "evt_1", body: body)
            #expect(try await gateway.send(other).status == 202)
            #expect(try await redis.keys("og:*:claim:chat:*").isEmpty)
            try await service.waitForRequests(1)
            #expect(try await !gateway.wholeLog().contains("3eZbrw1aBm2r"))
        }
    }

    @Test("sign prints what a gateway of the same configuration accepts", arguments: SchemeSource.all.map(\.name))
    func sign(name: String) async throws {
        let source = SchemeSource.named(name)
        try await withGateway { gateway, _, _, stage in
            let body = source.body(id: "evt_1")
            var arguments = ["sign", "--id", "evt_1", "--type", "invoice.paid"]
            arguments +=
                name == "partner"
                ? ["--source", name, "--config", gateway.configurationPath]
                : ["--scheme", source.scheme.name, "--secret", "${SIGNING}"]
            let run = try await stage.run(arguments, environment: ["SIGNING": source.secret], input: body)
            #expect(run.exit == .code(0), "\(run.errors)")
            let headers = run.output.split(separator: "\n").map { line -> (name: String, value: String) in
                let parts = line.split(separator: ": ", maxSplits: 1)
                return (String(parts[0]), String(parts[1]))
            }
            let request = RawRequest(target: "/in/\(name)", headers: headers, body: Array(body.utf8))
            #expect(try await gateway.send(request).status == 202)
            guard name != "partner", name != "keys" else { return }
            let path = try stage.file("body.json", source.body(id: "evt_2"))
            let sent = try await stage.run(
                [
                    "send", "--url", "http://127.0.0.1:\(gateway.port)/in/\(name)", "--secret", source.secret,
                    "--scheme",
                    source.scheme.name, "--file", path, "--type", "invoice.paid", "--id", "evt_2",
                ])
            #expect(sent.output.contains("202 accepted  evt_2"), "\(sent.output)\(sent.errors)")
        }
    }

    @Test("Wrong usage of sign and send is told")
    func usage() async throws {
        try await Stage.with { stage in
            for arguments in [
                ["sign"], ["sign", "--secret", "x", "--source", "y"], ["sign", "--secret", "x", "--scheme", "hmac"],
                ["sign", "--source", "y", "--scheme", "svix"],
                ["send", "--url", "http://127.0.0.1:1/", "--secret", "x", "--scheme", "nosuch"],
            ] {
                #expect(try await stage.run(arguments).exit == .code(64), "\(arguments)")
            }
            let yaml = try stage.file(
                "a.yaml",
                "sources: { a: { secrets: [\(SignedEvent.secret)] } }\n"
                    + "destinations: { e: { url: \"http://e/\" } }\nroutes: [{ events: [\"**\"], to: [e] }]\n")
            let unknown = try await stage.run("sign", "--source", "b", "--config", yaml)
            #expect(unknown.exit == .code(1))
            #expect(unknown.errors.contains("no such source; there are a"))
            let spaced = try await stage.run("sign", "--secret", "SENTINEL ", "--scheme", "stripe")
            #expect(spaced.exit == .code(1))
            #expect(!spaced.errors.contains("SENTINEL"))
        }
    }
}

extension SchemeSource {
    /// A secret of the right form that is not the source's.
    static func foreign(_ name: String) -> String {
        name == "keys" ? "whsec_c29tZWJvZHktZWxzZXMtc2lnbmluZy1rZXktMTI=" : "somebody-else's-secret"
    }
}

extension Stage {
    /// The text of all files of a folder on the stage.
    func contents(of subfolder: String) throws -> String {
        let path = "\(folder)/\(subfolder)"
        return try FileManager.default.contentsOfDirectory(atPath: path).map { name in
            String(decoding: FileManager.default.contents(atPath: "\(path)/\(name)") ?? Data(), as: UTF8.self)
        }.joined()
    }
}
