import ArgumentParser
import Foundation
import Webhooks

struct Sign: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Sign a body as Svix or another sender does, and print the headers that it sends.",
        discussion: "The body is read from standard input, byte for byte. With --source a source of the configuration "
            + "says how, and its first secret is used.")

    @OptionGroup var scheme: SchemeOption

    @Option(
        help: ArgumentHelp("The signing secret, or ${NAME} for the variable NAME, so that it is in no process list."))
    var secret: String?

    @Option(help: ArgumentHelp("Sign as this source of the configuration expects it.", valueName: "name"))
    var source: String?

    @OptionGroup var file: ConfigurationFile

    @Option(help: "The id of the event (default: a new one).")
    var id: String?

    @Option(help: "The type of the event, where the scheme has it in a header.")
    var type = "ping"

    @Option(help: "Seconds since 1970 (default: now).")
    var timestamp: Int64?

    func validate() throws {
        if let id, !Verifier.isUsable(id: id) {
            throw ValidationError("an id is 1 to \(Verifier.maximumIDLength) visible ASCII characters without a dot")
        }
        if (secret == nil) == (source == nil) { throw ValidationError("expected --secret, or --source") }
        if source != nil, scheme.name != nil { throw ValidationError("--source and --scheme exclude each other") }
        if let timestamp, timestamp < 0 { throw ValidationError("a timestamp is not negative") }
    }

    func run() throws {
        let key = try key()
        let body = try FileHandle.standardInput.readToEnd() ?? Data()
        let timestamp = String(timestamp ?? Int64(Date().timeIntervalSince1970))
        let id = id ?? EventID.make()
        for (name, value) in key.headers(id: id, type: type, timestamp: timestamp, body: body.bytes) {
            print("\(name): \(value)")
        }
    }

    private func key() throws -> SigningKey {
        if let secret { return try SecretOption.key(secret, try scheme.scheme()) }
        let sources = try file.load().configuration.sources
        guard let source = sources.first(where: { $0.name == source }) else {
            throw CommandError("no such source; there are \(sources.map(\.name).joined(separator: ", "))")
        }
        do {
            return try SigningKey(source.secrets[0], source.scheme)  // a source has at least one secret
        } catch {
            throw CommandError("the first secret of the source \(source.name): \(error)")
        }
    }
}

/// The way in which a command signs.
struct SchemeOption: ParsableArguments {
    @Option(
        name: .customLong("scheme"),
        help: ArgumentHelp(
            "How to sign: \(SignatureScheme.table.map(\.name).joined(separator: ", ")) (default: svix).",
            valueName: "scheme"))
    var name: String?

    func validate() throws {
        _ = try scheme()
    }

    /// The scheme that is named.
    func scheme() throws -> SignatureScheme {
        guard let name else { return .svix }
        guard let scheme = SignatureScheme.named(name) else {
            throw ValidationError(
                "no scheme \(name); there are \(SignatureScheme.table.map(\.name).joined(separator: ", "))")
        }
        return scheme
    }
}

/// The signing secret of a command.
struct SecretOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The signing secret, whsec_… for Svix; or ${NAME} for the variable NAME, so that it is in no process list.",
            valueName: "secret"))
    var secret: String

    /// Reads the secret.
    /// - Throws: `CommandError` where it is no key.
    func key(_ scheme: SignatureScheme = .svix) throws -> SigningKey {
        try Self.key(secret, scheme)
    }

    /// What an argument stands for: itself, or for `${NAME}` the value of the variable.
    /// - Throws: `CommandError` where there is no such variable.
    static func value(of argument: String) throws -> String {
        guard argument.hasPrefix("${"), argument.hasSuffix("}") else { return argument }
        let name = String(argument.dropFirst(2).dropLast())
        guard let value = ProcessInfo.processInfo.environment[name] else {
            throw CommandError("the variable \(name) is not set")
        }
        return value
    }

    /// Reads a secret as it is given on a command line.
    static func key(_ secret: String, _ scheme: SignatureScheme = .svix) throws -> SigningKey {
        let text = try value(of: secret)
        do {
            return try SigningKey(Secret(text), scheme)
        } catch {
            throw CommandError("--secret: \(error)")
        }
    }
}

/// Ids in the form that Svix gives them: `msg_` and 27 letters and digits.
enum EventID {
    static func make() -> String {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        return "msg_" + String((0..<27).map { _ in alphabet[Int.random(in: alphabet.indices)] })
    }
}
