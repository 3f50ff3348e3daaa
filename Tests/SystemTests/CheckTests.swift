import Foundation
import Testing

/// A configuration with a mistake in it.
struct Mistake: Sendable, CustomTestStringConvertible {
    let name: String
    /// What is replaced in a configuration that is right, and with what.
    let change: (String, String)
    /// Where the mistake is, as LINE:COLUMN.
    let place: String
    /// Words of the message.
    let words: [String]

    var testDescription: String { name }

    init(_ name: String, _ text: String, _ replacement: String, at place: String, _ words: String...) {
        self.name = name
        change = (text, replacement)
        self.place = place
        self.words = words
    }

    static let right = """
        listen: 127.0.0.1:8080
        redis: { url: "redis://localhost:6379" }
        sources:
          clerk:
            path: /webhooks/clerk
            secrets: [whsec_c3lzdGVtLXRlc3RzLXNpZ25pbmcta2V5LTEyMzQ=]
        destinations:
          email:
            url: http://localhost:3001/events
            timeout: 15s
          crm: { url: "http://localhost:3002/events" }
        routes:
          - events: [user.created]
            to: [email, crm]

        """

    static let all = [
        Mistake("an unknown key", "timeout: 15s", "timeuot: 15s", at: "10:5", "timeuot", "timeout"),
        Mistake("an unknown destination", "[email, crm]", "[emial, crm]", at: "14:10", "emial", "email"),
        Mistake("a duration without a unit", "15s", "15", at: "10:14", "15s"),
        Mistake("a source without a secret", "[\(SignedEvent.secret)]", "[]", at: "6:14", "secrets"),
        Mistake("a secret that is none", "whsec_c3lz", "whsec_c3*z", at: "6:15", "base64"),
        Mistake("an unset variable", "http://localhost:3001", "${NO_SUCH_VARIABLE}", at: "9:10", "NO_SUCH_VARIABLE"),
        Mistake("a URL that is none", "http://localhost:3001", "ftp://localhost", at: "9:10", "http"),
        Mistake("a name twice", "  crm: {", "  email: {", at: "11:3", "email"),
        Mistake("a path without its slash", "/webhooks", "webhooks", at: "5:11", "/"),
        Mistake("a pattern that matches nothing", "user.created]", "\"\"]", at: "13:14", "event"),
        Mistake("a port out of range", "8080", "80800", at: "1:9", "port"),
        Mistake("YAML that does not end", "crm]", "crm", at: "15:1", ""),
        Mistake("a tab", "    timeout", "\ttimeout", at: "10:1", ""),
        Mistake(
            "an admin listener open to all without a token", "redis:", "admin: { listen: 0.0.0.0:9090 }\nredis:",
            at: "2:", "token"),
    ]
}

@Suite("The commands check and init")
struct CheckTests {
    @Test("Each mistake is told with its place, and the exit code is 1", arguments: Mistake.all)
    func mistakes(_ mistake: Mistake) async throws {
        try await Stage.with { stage in
            let yaml = Mistake.right.replacing(mistake.change.0, with: mistake.change.1, maxReplacements: 1)
            #expect(yaml != Mistake.right)
            let path = try stage.file("broken.yaml", yaml)
            let check = try await stage.run("check", "--config", path)
            #expect(check.exit == .code(1))
            #expect(check.output.isEmpty)
            let line = check.errors.split(separator: "\n").first { $0.hasPrefix("\(path):\(mistake.place)") }
            let problem = try #require(line, "\(check.errors)")
            for word in mistake.words where !word.isEmpty { #expect(problem.contains(word)) }
            #expect(problem.contains(/:\d+:\d+: ./))
            #expect(!check.errors.contains("c3lzdGVt"))

            let serve = try await stage.run("serve", "--config", path)
            #expect(serve.exit == .code(1))
            #expect(serve.errors.contains(problem))
        }
    }

    @Test("All mistakes are told at once")
    func several() async throws {
        try await Stage.with { stage in
            let yaml = Mistake.right.replacing("15s", with: "never").replacing("crm]", with: "nobody]")
            let check = try await stage.run("check", "--config", try stage.file("broken.yaml", yaml))
            #expect(check.exit == .code(1))
            #expect(check.errors.contains(":10:") && check.errors.contains(":14:"))
        }
    }

    @Test("A configuration that is right is shown with its effective routes, and without its secrets")
    func right() async throws {
        try await Stage.with { stage in
            let path = try stage.file("oncegate.yaml", Mistake.right)
            let named = try await stage.run("check", "--config", path)
            let found = try await stage.run("check")
            let told = try await stage.run("check", environment: ["ONCEGATE_CONFIG": path])
            for check in [named, found, told] {
                #expect(check.exit == .code(0), "\(check.errors)")
                for word in ["user.created", "email", "crm"] { #expect(check.output.contains(word)) }
                #expect(!check.output.contains("c3lzdGVt"))
            }
        }
    }

    @Test("A Redis URL that cannot be used is found before `serve` meets it")
    func redisURL() async throws {
        try await Stage.with { stage in
            let yaml = Mistake.right.replacing("redis://localhost:6379", with: "http://user:pa55word@localhost")
            let check = try await stage.run("check", "--config", try stage.file("broken.yaml", yaml))
            #expect(check.exit == .code(1))
            #expect(check.errors.contains("redis"))
            #expect(!check.errors.contains("pa55word"))
        }
    }

    @Test("A file that is not there is named")
    func absent() async throws {
        try await Stage.with { stage in
            for command in ["check", "serve"] {
                let run = try await stage.run(command, "--config", "nowhere.yaml")
                #expect(run.exit == .code(1))
                #expect(run.errors.contains("nowhere.yaml"))
            }
        }
    }

    @Test("What init writes passes the check, and is not overwritten")
    func initialise() async throws {
        try await Stage.with { stage in
            let secret = ["CLERK_WEBHOOK_SECRET": SignedEvent.secret]
            #expect(try await stage.run("init").exit == .code(0))
            let check = try await stage.run("check", environment: secret)
            #expect(check.exit == .code(0), "\(check.errors)")
            #expect(check.output.contains("/webhooks/clerk"))
            let without = try await stage.run("check", environment: ["CLERK_WEBHOOK_SECRET": ""])
            #expect(without.exit == .code(1))

            _ = try stage.file("oncegate.yaml", "mine: true\n")
            let again = try await stage.run("init")
            #expect(again.exit == .code(1))
            #expect(again.errors.contains("oncegate.yaml"))
            #expect(try String(contentsOfFile: stage.folder + "/oncegate.yaml", encoding: .utf8) == "mine: true\n")
            #expect(try await stage.run("init", "other.yaml").exit == .code(0))
            #expect(try await stage.run("check", "--config", "other.yaml", environment: secret).exit == .code(0))
        }
    }
}
