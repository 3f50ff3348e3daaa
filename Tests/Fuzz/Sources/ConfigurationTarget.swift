import Telemetry
import Webhooks

@testable import FrontDoor
@testable import GatewayConfiguration

/// The text of a configuration. An input is a file.
enum ConfigurationTarget {
    /// Stands in every value that comes out of a variable or a file.
    private static let sentinel = "SENTINEL"
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let environment = [
        "CLERK_WEBHOOK_SECRET": secret, "EMAIL_TOKEN": "\(sentinel)-email-token",
        "REDIS_URL": "redis://oncegate:\(sentinel)@redis:6379/0", "EMPTY": "",
        "NASTY": "\(sentinel)\"'\n: ${EMPTY} }] #",
    ]
    private static let files = [
        "/run/secrets/clerk": "\(secret)\n", "/run/secrets/spaced": "\(sentinel)-with-a-line-end-too-many\n\n",
        "/run/secrets/nasty": "\(sentinel): &a *b\n",
    ]
    private struct NoSuchFile: Error, CustomStringConvertible {
        let description = "no such file"
    }

    static func run(_ input: [UInt8]) {
        let result = load(input)
        let mayHold = String(decoding: input, as: UTF8.self).contains(sentinel)
        let notes: [GatewayConfiguration.Problem]
        switch result {
        case .success(let loaded):
            notes = loaded.warnings
            // What loads can be run and shown.
            _ = unwrap("a configuration without problems opens a door") {
                try DoorPlan(loaded.configuration, metrics: Metrics(version: "fuzz"))
            }
            _ = EffectiveRoutes(loaded.configuration)
            _ = ConfigurationSummary(loaded).description
        case .failure(let problems):
            require(!problems.problems.isEmpty, "a file that is refused has a problem")
            notes = problems.problems + problems.warnings
        }
        let lines = lineCount(input)
        for note in notes {
            require(1...lines + 1 ~= note.line && note.column >= 1, "the place is within the file: \(note)")
            require(!note.message.isEmpty && !note.message.contains(where: \.isNewline), "it is one line: \(note)")
            require(mayHold || !note.message.contains(sentinel), "no value is shown: \(note)")
            require(!note.message.contains(secret.dropFirst(6)) || mayHoldSecret(input), "no secret is shown: \(note)")
        }
        require(texts(result) == texts(load(input)), "reading a file again finds the same")
    }

    private static func load(
        _ input: [UInt8]
    ) -> Result<GatewayConfiguration.Loaded, GatewayConfiguration.Problems> {
        GatewayConfiguration.load(
            bytes: input, file: "f", environment: environment,
            readFile: { path in
                guard let contents = files[path] else { throw NoSuchFile() }
                return contents
            }, tlsComplaint: \.complaint)
    }

    private static func mayHoldSecret(_ input: [UInt8]) -> Bool {
        String(decoding: input, as: UTF8.self).contains(secret.dropFirst(6))
    }

    private static func texts(
        _ result: Result<GatewayConfiguration.Loaded, GatewayConfiguration.Problems>
    ) -> [String] {
        switch result {
        case .success(let loaded): loaded.warnings.map(\.description)
        case .failure(let problems): (problems.problems + problems.warnings).map(\.description)
        }
    }

    /// The number of lines, of whatever YAML takes for a line end.
    private static func lineCount(_ input: [UInt8]) -> Int {
        let ends: Set<Unicode.Scalar> = ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"]
        return 1 + String(decoding: input, as: UTF8.self).unicodeScalars.count(where: { ends.contains($0) })
    }
}
