import Foundation
import Testing
import Webhooks

@Suite("The other commands")
struct CommandTests {
    @Test("What sign prints is what a verifier expects, for any bytes")
    func sign() async throws {
        try await Stage.with { stage in
            let body = " {\"type\":\"user.created\", \"name\":\"Zoë\"}\n\n"
            let run = try await stage.run(
                "sign", "--secret", SignedEvent.secret, "--id", "evt_1", "--timestamp", "1700000000", input: body)
            #expect(run.exit == .code(0))
            var event = SignedEvent(id: "evt_1", body: body)
            event.timestamp = "1700000000"
            #expect(
                run.output
                    == "svix-id: evt_1\nsvix-timestamp: 1700000000\nsvix-signature: \(try event.signature())\n")
        }
    }

    @Test("A gateway accepts what sign signed now, the secret taken from the environment")
    func signedNow() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            let event = SignedEvent()
            let run = try await stage.run(
                "sign", "--secret", "${SIGNING}", environment: ["SIGNING": SignedEvent.secret],
                input: String(decoding: event.body, as: UTF8.self))
            let headers = run.output.split(separator: "\n").compactMap { line -> (name: String, value: String)? in
                let parts = line.split(separator: ": ", maxSplits: 1)
                return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
            }
            #expect(headers.map(\.name) == ["svix-id", "svix-timestamp", "svix-signature"])
            let response = try await gateway.send(RawRequest(headers: headers, body: event.body))
            #expect(response.status == 202)
        }
    }

    @Test("send posts events with their duplicates and counts the answers")
    func send() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            let url = "http://127.0.0.1:\(gateway.port)\(GatewayProcess.path)"
            let run = try await stage.run(
                "send", "--url", url, "--secret", SignedEvent.secret, "--count", "5", "--duplicates", "2",
                "--parallel", "4")
            #expect(run.exit == .code(0))
            #expect(run.output.contains(/\b5 accepted\b/))
            #expect(run.output.contains(/\b10 duplicate\b/))
            try await email.waitForRequests(5)
            try await eventually("every delivery is settled") { try await redis.pending() == 0 }
            #expect(email.requests.count == 5)

            let one = try await stage.run(
                "send", "--url", url, "--secret", SignedEvent.secret, "--type", "user.deleted", "--id", "evt_mine")
            #expect(one.output.contains("202 accepted  evt_mine  user.deleted"))
            let last = try await email.waitForRequests(6)[5]
            #expect(last.id == "evt_mine")
            #expect(last.text.contains(#""type":"user.deleted""#))

            let forged = try await stage.run("send", "--url", url, "--secret", "whsec_d3Jvbmctc2VjcmV0LW9mLWEtc2VuZGVy")
            #expect(forged.exit == .code(1))
            #expect(forged.output.contains("400 Invalid signature"))
        }
    }

    @Test("send posts a file byte for byte, and says when nobody answers")
    func sendFile() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("email", email, "payload: raw")]))
            let body = "  {\"type\": \"my.own\",\n\"data\":[1.0]}\n"
            let url = "http://127.0.0.1:\(gateway.port)\(GatewayProcess.path)"
            let run = try await stage.run(
                "send", "--url", url, "--secret", SignedEvent.secret, "--file", try stage.file("event.json", body))
            #expect(run.exit == .code(0))
            #expect(try await email.waitForRequests(1)[0].text == body)

            let nobody = try stage.closedService()
            let refused = try await stage.run("send", "--url", nobody.url, "--secret", SignedEvent.secret)
            #expect(refused.exit == .code(1))
        }
    }

    @Test(
        "Wrong usage ends with 64 and says what is right",
        arguments: [
            ["serve", "--colour"], ["nonsense"], ["send", "--secret", "whsec_MTIz"], ["sign"],
            ["send", "--url", "http://x", "--secret", "whsec_MTIz", "--type", "no.such.type"],
            ["send", "--url", "http://x", "--secret", "whsec_MTIz", "--parallel", "0"],
        ])
    func wrongUsage(arguments: [String]) async throws {
        try await Stage.with { stage in
            let run = try await stage.run(arguments)
            #expect(run.exit == .code(64))
            #expect(run.output.isEmpty)
            #expect(run.errors.contains("Usage:"))
        }
    }

    @Test("A secret that is none is told without being repeated")
    func unusableSecret() async throws {
        try await Stage.with { stage in
            let run = try await stage.run("sign", "--secret", "whsec_not*base64")
            #expect(run.exit == .code(1))
            #expect(run.errors.contains("--secret"))
            #expect(!run.errors.contains("not*base64"))
        }
    }

    @Test("The version and the help")
    func versionAndHelp() async throws {
        try await Stage.with { stage in
            let version = try await stage.run("--version")
            #expect(version.exit == .code(0))
            #expect(version.output.contains(/^[0-9]+\.[0-9]+\.[0-9]+/))
            let help = try await stage.run("--help")
            #expect(help.exit == .code(0))
            for command in ["serve", "check", "init", "send", "sign", "demo"] {
                #expect(help.output.contains("\n  \(command) "))
                let own = try await stage.run("help", command)
                #expect(own.exit == .code(0))
                #expect(own.output.contains("oncegate \(command)"))
            }
        }
    }

    @Test("The demo shows every event delivered once, and leaves nothing behind")
    func demo() async throws {
        try await Stage.with { stage in
            let folder = stage.folder + "/tmp"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            let run = try await stage.run("demo", environment: ["TMPDIR": folder], within: .seconds(15))
            #expect(run.exit == .code(0), "\(run.output)\(run.errors)")
            for word in ["user.created", "email", "crm", "analytics", "exactly once", "Invalid signature"] {
                #expect(run.output.contains(word))
            }
            #expect(!run.output.contains("\u{1B}"))
            #expect(!run.output.contains("✗"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
            #expect(Processes.using(folder).isEmpty)
        }
    }
}
