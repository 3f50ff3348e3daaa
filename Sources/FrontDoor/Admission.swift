import EventLedger
import NIOCore
import NIOHTTP1
import Telemetry
import Webhooks

/// What is to happen with a whole request.
enum Admission {
    /// Claim the event.
    case claim(NewEvent)
    /// Answer the sender's question, and claim nothing.
    case answerChallenge(String)
    /// Refuse it, for a reason that only the operator learns.
    case refuse(Answer, EventOutcome)

    /// Decides on a request: signature over the raw bytes, timestamp and id, JSON, route.
    /// - Parameters:
    ///   - now: seconds since 1970.
    ///   - trace: makes a new `traceparent` for an event that came without one.
    ///   - onVerified: called with the index of the key under which the signature was right.
    static func decide(
        headers: HTTPHeaders, body: ByteBuffer, source: DoorPlan.Source, plan: DoorPlan, now: Int64,
        trace: () -> String, onVerified: (Int) -> Void = { _ in }
    ) -> Admission {
        let message: VerifiedMessage
        do throws(VerificationFailure) {
            let signed = try SignatureHeaders(source.verifier.scheme) { headers[$0] }
            message = try source.verifier.verify(signed, body: body.readableBytesSpan, now: now)
        } catch {
            return .refuse(error == .missingHeaders ? .missingHeaders : .invalidSignature, EventOutcome(error))
        }
        onVerified(message.keyIndex)
        switch try? source.verifier.scheme.event.read(body.readableBytesSpan, type: message.type) {
        case nil: return .refuse(.invalidPayload, .invalidPayload)
        case .challenge(let text): return .answerChallenge(text)
        case .event(let envelope, let bodyID):
            guard let id = message.id ?? bodyID, Verifier.isUsable(id: id) else {
                return .refuse(.invalidSignature, .invalidID)
            }
            let traceparent = headers.first(name: "traceparent").flatMap { Traceparent.isValid($0) ? $0 : nil }
            let signedTimestamp = message.timestamp ?? now
            return .claim(
                NewEvent(
                    reference: EventReference(source: source.name, id: id),
                    head: EventHead(
                        type: envelope.type, subject: envelope.subject, contentType: contentType(in: headers),
                        traceparent: traceparent ?? trace(), signedTimestamp: signedTimestamp,
                        time: envelope.timestamp ?? signedTimestamp * 1000),
                    body: body, targets: plan.targets(source: source.name, type: envelope.type)))
        }
    }

    /// The longest content type that is kept, in bytes.
    static let maximumContentTypeLength = 256

    /// The sender's content type, where it is fit to be sent on: printable ASCII of a sensible length.
    private static func contentType(in headers: HTTPHeaders) -> String? {
        guard let value = headers.first(name: "content-type"),
            (1...maximumContentTypeLength).contains(value.utf8.count),
            value.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        return value
    }
}

extension EventOutcome {
    /// The outcome under which a refused signature is counted.
    fileprivate init(_ failure: VerificationFailure) {
        switch failure {
        case .missingHeaders: self = .missingHeaders
        case .repeatedHeader: self = .repeatedHeader
        case .wrongSignature: self = .invalidSignature
        case .invalidTimestamp: self = .invalidTimestamp
        case .staleTimestamp: self = .staleTimestamp
        case .invalidID: self = .invalidID
        }
    }
}
