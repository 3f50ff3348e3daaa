import EventLedger
import Webhooks

/// Which events a request asks for.
struct EventQuery: Sendable {
    /// The parameters that it takes.
    static let names: Set = ["source", "type", "standing", "limit", "cursor"]

    private let source: String?
    private let pattern: EventPattern?
    private let standing: DeliveryRecord.Standing?
    let limit: Int
    let start: Cursor?

    /// Reads the parameters of a request.
    init(_ query: Query) throws(Refusal) {
        source = query["source"]
        pattern = try query["type"].map { (text) throws(Refusal) in try .reading(text) }
        standing = try query["standing"].map { (text) throws(Refusal) in
            guard let standing = DeliveryRecord.Standing(rawValue: text) else {
                let known = DeliveryRecord.Standing.allCases.map(\.rawValue).joined(separator: ", ")
                throw .badRequest("`standing` is one of \(known)")
            }
            return standing
        }
        limit = try query.limit()
        start = try query.cursor()
    }

    /// Whether an event is asked for: with a standing, an event with a delivery that stands there.
    func covers(_ event: ListedEvent) -> Bool {
        if let source, source != event.reference.source { return false }
        if let pattern, !pattern.matches(event.head.type) { return false }
        guard let standing else { return true }
        return event.deliveries.values.contains { $0.standing == standing }
    }
}

extension EventPattern {
    /// Reads the pattern of a request.
    static func reading(_ text: String) throws(Refusal) -> EventPattern {
        do throws(EventPatternError) {
            return try EventPattern(text)
        } catch {
            throw .badRequest("`type`: \(error)")
        }
    }
}

extension AdminAPI {
    /// Lists events.
    func events(_ query: EventQuery) async throws -> API.EventPage {
        var events: [ListedEvent] = []
        var cursor = query.start
        var lookedAt = 0
        repeat {
            // Never more than fit: the cursor of the ledger is then the right one, wherever the page ends.
            let wanted = min(query.limit - events.count, Self.maximumLookedAt - lookedAt, Ledger.maximumPage)
            let page = try await ledger.events(from: cursor, limit: wanted)
            lookedAt += wanted
            events += page.items.filter(query.covers)
            cursor = page.next
        } while cursor != nil && events.count < query.limit && lookedAt < Self.maximumLookedAt
        return API.EventPage(events: events.map { API.Event($0) }, cursor: cursor?.description)
    }
}

extension API.Event {
    /// What a list shows of an event.
    init(_ event: ListedEvent) {
        self.init(
            source: event.reference.source, id: event.reference.id, type: event.head.type, subject: event.head.subject,
            receivedAt: API.time(event.receivedAt), time: API.time(event.head.time),
            deliveries: event.deliveries.mapValues(\.standing.rawValue))
    }
}

extension API {
    /// A time in milliseconds since 1970 as the API writes it; the number where RFC 3339 cannot write it.
    static func time(_ milliseconds: Int64) -> String {
        Timestamp(milliseconds: milliseconds)?.rfc3339 ?? "\(milliseconds)"
    }
}
