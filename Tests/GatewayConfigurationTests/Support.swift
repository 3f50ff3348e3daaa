import Foundation
import GatewayConfiguration
import Testing

/// What the tests' configurations find around them.
enum Surroundings {
    /// Stands in everything that must never be shown.
    static let sentinel = "SENTINEL"
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let environment = [
        "CLERK_WEBHOOK_SECRET": secret,
        "EMAIL_TOKEN": "\(sentinel)-email-token",
        "REDIS_URL": "redis://oncegate:\(sentinel)@redis:6379/0",
        "EMPTY": "",
        "NASTY": "\(sentinel)\"'\n: ${EMPTY} }] #",
    ]
    static let files = [
        "/run/secrets/clerk": "\(secret)\n",
        "/run/secrets/spaced": "\(sentinel)-with-a-line-end-too-many\n\n",
        "/run/secrets/nasty": "\(sentinel): &a *b\n",
    ]

    /// Why a file cannot be read.
    struct NoSuchFile: Error, CustomStringConvertible {
        var description: String { "no such file" }
    }

    static func read(_ path: String) throws -> String {
        guard let contents = files[path] else { throw NoSuchFile() }
        return contents
    }

    static func load(
        _ yaml: String, environment: [String: String] = environment
    ) -> Result<GatewayConfiguration.Loaded, GatewayConfiguration.Problems> {
        GatewayConfiguration.load(yaml: yaml, file: "oncegate.yaml", environment: environment, readFile: read)
    }

    /// The smallest configuration, with lines put into its only destination and at the end of the file.
    static func minimal(destination: String = "", top: String = "") -> String {
        """
        sources: { clerk: { secrets: ["${CLERK_WEBHOOK_SECRET}"] } }
        destinations:
          email:
            url: http://email:3000/events
            \(destination)
        routes: [{ events: ["**"], to: [email] }]
        \(top)
        """
    }

    /// The text of a file of the test resources.
    static func resource(_ path: String) throws -> String {
        let url = Bundle.module.bundleURL.appending(path: "Resources").appending(path: path)
        return String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
}
