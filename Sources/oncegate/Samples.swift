import Webhooks

/// A real example of every Clerk event type, from Clerk's published specification.
struct Sample: Sendable {
    /// The event's type.
    let type: String
    /// The body, byte for byte as a sender posts it.
    let body: [UInt8]

    /// All samples, in alphabetical order of their types.
    static let all: [Sample] = PackageResources.samples_jsonl.split(separator: UInt8(ascii: "\n")).map { line in
        let body = Array(line)
        guard let envelope = try? Envelope.parse(body.span.bytes) else {
            preconditionFailure("the embedded samples are events")
        }
        return Sample(type: envelope.type, body: body)
    }

    /// The sample of a type, or nil.
    static func of(_ type: String) -> Sample? {
        all.first { $0.type == type }
    }
}
