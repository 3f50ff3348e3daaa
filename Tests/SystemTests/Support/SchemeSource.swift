import Foundation
import Webhooks

/// A source of one scheme in a test's configuration, and the requests of its sender.
struct SchemeSource: Sendable {
    let name: String
    let scheme: SignatureScheme
    /// What the sender signs with.
    let secret: String
    /// What the configuration has, where it is not the same.
    var configured: String?
    /// YAML fields beyond `secrets`.
    let options: String

    static let all = [
        SchemeSource(
            name: "keys", scheme: .svix,
            secret: "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==",
            configured: "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", options: "scheme: standard-webhooks"),
        SchemeSource(
            name: "code", scheme: .github, secret: "It's a Secret to Everybody", options: "scheme: github"),
        SchemeSource(
            name: "pay", scheme: .stripe, secret: "whsec_stripe-hides-no-base64-in-it", options: "scheme: stripe"),
        SchemeSource(
            name: "chat", scheme: .slack, secret: "8f742231b10e8888abcd99yyyzzz85a5", options: "scheme: slack"),
        SchemeSource(
            name: "shop", scheme: .shopify, secret: "shpss_hush-hush-hush-hush", options: "scheme: shopify"),
        SchemeSource(
            name: "partner", scheme: partner, secret: "a-text-that-both-of-us-know",
            options: "scheme: hmac, hmac: { algorithm: sha512, encoding: base64, header: X-Partner-Signature, "
                + "prefix: \"sha512=\", content: \"{id}|{timestamp}|{body}|\", timestamp: X-Partner-Time, "
                + "id: { header: X-Partner-Id }, type: { json: event.name } }"),
    ]

    static func named(_ name: String) -> SchemeSource { all.first { $0.name == name } ?? all[0] }

    private static let partner: SignatureScheme = {
        var custom = CustomScheme(header: "x-partner-signature", id: .header("x-partner-id"))
        custom.algorithm = .sha512
        custom.encoding = .base64
        custom.prefix = "sha512="
        if let content = try? SignedContent(template: "{id}|{timestamp}|{body}|") { custom.content = content }
        custom.timestamp = "x-partner-time"
        custom.type = .json("event.name")
        return custom.scheme
    }()

    /// The source as a line of YAML.
    var yaml: String {
        "  \(name): { path: /in/\(name), \(options), secrets: [\"\(configured ?? secret)\"] }"
    }

    /// A configuration with every scheme beside the source `clerk`.
    static func yaml(_ setup: String) -> String {
        setup.replacing("destinations:", with: all.map(\.yaml).joined(separator: "\n") + "\ndestinations:")
    }

    /// An event of this sender's making, whose type is `invoice.paid`, with `mark` in its body.
    func body(id: String, mark: String = "x") -> String {
        switch name {
        case "keys": #"{"type":"invoice.paid","data":{"mark":"\#(mark)","big":12345678901234567890}}"#
        case "code": #"{"action":"paid","mark":"\#(mark)","big":12345678901234567890}"#
        case "pay": #"{"id":"\#(id)","type":"invoice.paid","data":{"object":{"mark":"\#(mark)","amount":1.0}}}"#
        case "chat": #"{"event_id":"\#(id)","type":"event_callback","event":{"type":"invoice.paid","mark":"\#(mark)"}}"#
        case "shop": #"{"mark":"\#(mark)","total":"1.00"}"#
        default: #"{"event":{"name":"invoice.paid"},"data":{"mark":"\#(mark)"}}"#
        }
    }

    /// The `data` that a destination receives of such a body.
    func data(of body: String) -> String {
        guard name == "pay" || name == "keys", let start = body.firstRange(of: #""data":"#)?.upperBound else {
            return body
        }
        return String(body[start...].dropLast())
    }

    /// The signed request that carries a body.
    func request(
        id: String, body: String, secret: String? = nil, age: Int64 = 0
    ) throws -> RawRequest {
        let time = String(Int64(Date().timeIntervalSince1970) - age)
        let bytes = Array(body.utf8)
        let headers = try SigningKey(Secret(secret ?? self.secret), scheme).headers(
            id: id, type: name == "code" ? "invoice" : "invoice.paid", timestamp: time, body: bytes.span.bytes)
        return RawRequest(target: "/in/\(name)", headers: headers + [("content-type", "application/json")], body: bytes)
    }

    /// The name of the header with the signature.
    var signatureHeader: String {
        switch name {
        case "keys": "svix-signature"
        case "code": "x-hub-signature-256"
        case "pay": "stripe-signature"
        case "chat": "x-slack-signature"
        case "shop": "x-shopify-hmac-sha256"
        default: "x-partner-signature"
        }
    }
}
