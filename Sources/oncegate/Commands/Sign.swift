import ArgumentParser
import Foundation
import Webhooks

struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign a body as Svix does, and print the three svix-* headers.",
        discussion: "The body is read from standard input, byte for byte.")

    @OptionGroup var secret: SecretOption

    @Option(help: "The id of the event (default: a new one).")
    var id: String?

    @Option(help: "Seconds since 1970 (default: now).")
    var timestamp: Int64?

    func validate() throws {
        if let id, !Verifier.isUsable(id: id) {
            throw ValidationError("an id is 1 to \(Verifier.maximumIDLength) visible ASCII characters without a dot")
        }
        if let timestamp, timestamp < 0 { throw ValidationError("a timestamp is not negative") }
    }

    func run() throws {
        let key = try secret.key()
        let body = try FileHandle.standardInput.readToEnd() ?? Data()
        let timestamp = String(timestamp ?? Int64(Date().timeIntervalSince1970))
        for (name, value) in key.svixHeaders(id: id ?? EventID.make(), timestamp: timestamp, body: body.bytes) {
            print("\(name): \(value)")
        }
    }
}

/// The signing secret of a command.
struct SecretOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The signing secret, whsec_…; or ${NAME} for the variable NAME, so that it is in no process list.",
            valueName: "secret"))
    var secret: String

    /// Reads the secret.
    /// - Throws: `CommandError` where it is no key.
    func key() throws -> SigningKey {
        try Self.key(secret)
    }

    /// Reads a secret as it is given on a command line.
    static func key(_ secret: String) throws -> SigningKey {
        var text = secret
        if text.hasPrefix("${"), text.hasSuffix("}") {
            let name = String(text.dropFirst(2).dropLast())
            guard let value = ProcessInfo.processInfo.environment[name] else {
                throw CommandError("the variable \(name) is not set")
            }
            text = value
        }
        do {
            return try SigningKey(Secret(text))
        } catch {
            throw CommandError("--secret: \(error)")
        }
    }
}

extension SigningKey {
    /// The headers of a signed message.
    func svixHeaders(id: String, timestamp: String, body: RawSpan) -> [(name: String, value: String)] {
        [
            ("svix-id", id), ("svix-timestamp", timestamp),
            ("svix-signature", signature(id: id, timestamp: timestamp, body: body)),
        ]
    }
}

/// Ids in the form that Svix gives them: `msg_` and 27 letters and digits.
enum EventID {
    static func make() -> String {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        return "msg_" + String((0..<27).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }
}
