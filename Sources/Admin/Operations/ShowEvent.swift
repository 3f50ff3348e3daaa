import EventLedger
import Foundation
import NIOCore
import Webhooks

extension AdminAPI {
    /// Shows one event.
    func event(_ id: String, source: String?, isRevealed: Bool) async throws -> API.ShownEvent {
        let event = try await find(id, source: source)
        return API.ShownEvent(event, isHidden: !isRevealed && Self.typesWithCodes.contains(event.listed.head.type))
    }

    /// Looks an event up, in every configured source where none is named.
    /// - Throws: ``Refusal`` where there is none, or one in several sources.
    func find(_ id: String, source: String?) async throws -> ShownEvent {
        guard Verifier.isUsable(id: id) else {
            throw Refusal.badRequest("an id is 1 to \(Verifier.maximumIDLength) visible ASCII characters without a dot")
        }
        var found: [ShownEvent] = []
        for source in source.map({ [$0] }) ?? configuration().sources.map(\.name) {
            // A colon ends the source in the names of keys.
            guard !source.contains(":") else { throw Refusal.badRequest("`source` is not the name of a source") }
            if let event = try await ledger.event(EventReference(source: source, id: id)) { found.append(event) }
        }
        guard let event = found.first else {
            throw Refusal.notFound("nothing is kept of the event \(id)\(source.map { " of \($0)" } ?? "")")
        }
        guard found.count == 1 else {
            let sources = found.map(\.listed.reference.source).joined(separator: ", ")
            throw Refusal.conflict("ambiguous", "several sources have an event \(id): name one of \(sources)")
        }
        return event
    }
}

extension API.ShownEvent {
    /// What is shown of an event.
    init(_ event: ShownEvent, isHidden: Bool) {
        let (head, reference) = (event.listed.head, event.listed.reference)
        let bytes = event.body.readableBytesView
        let text = String(validating: bytes, as: UTF8.self)
        self.init(
            source: reference.source, id: reference.id, type: head.type, subject: head.subject,
            receivedAt: API.time(event.listed.receivedAt), time: API.time(head.time),
            signedAt: Timestamp(seconds: head.signedTimestamp)?.rfc3339 ?? "\(head.signedTimestamp)",
            traceparent: head.traceparent, contentType: head.contentType,
            claimExpiresInS: event.claim.map { Int($0.components.seconds) }, hidden: isHidden ? true : nil,
            body: isHidden ? nil : text,
            bodyBase64: isHidden || text != nil ? nil : Data(bytes).base64EncodedString(),
            deliveries: event.listed.deliveries.sorted { $0.key < $1.key }.map { name, record in
                API.ShownDelivery(
                    name, record, due: event.due[name], answerBody: isHidden ? nil : event.answerBodies[name])
            })
    }
}

extension API.ShownDelivery {
    /// What is shown of a delivery.
    init(_ destination: String, _ record: DeliveryRecord, due: (at: Int64, isLeased: Bool)?, answerBody: ByteBuffer?) {
        let time = due.map { API.time($0.at) }
        let isLeased = due?.isLeased ?? false
        self.init(
            destination: destination, standing: record.standing.rawValue, attempts: record.attempts,
            replay: record.isReplay, nextAttemptAt: isLeased ? nil : time, inFlightUntil: isLeased ? time : nil,
            history: record.entries.map {
                API.HistoryEntry(
                    what: $0.what, at: API.time($0.at), attempt: $0.attempt, ms: $0.duration, answer: $0.answer)
            },
            lastAnswerBody: answerBody.map { String(buffer: $0) })
    }
}
