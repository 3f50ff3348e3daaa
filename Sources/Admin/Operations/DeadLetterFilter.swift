import EventLedger
import GatewayConfiguration
import Webhooks

/// Which deliveries that wait for a person are meant.
struct DeadLetterFilter: Sendable {
    let destination: String?
    /// The sets to look into.
    let sets: [Ledger.DeliverySet]
    /// Where to begin.
    let position: DeadLetterPosition
    private let source: String?
    private let pattern: EventPattern?
    /// The first moment at which one can have begun to wait, in milliseconds since 1970.
    private let earliest: Int64?
    /// The last moment, likewise.
    private let latest: Int64?

    /// Reads the wishes of a request.
    /// - Parameter now: milliseconds of Redis' clock, by which deliveries are dated; for a request that goes on, the time of the first one counts.
    init(_ request: API.DeadLetterRequest, now: Int64) throws(Refusal) {
        destination = request.destination
        sets =
            switch request.standing {
            case nil: [.dead, .unknown]
            case Ledger.DeliverySet.dead.rawValue: [.dead]
            case Ledger.DeliverySet.unknown.rawValue: [.unknown]
            default: throw .badRequest("`standing` is dead or unknown")
            }
        source = request.source
        pattern = try request.type.map { (text) throws(Refusal) in try .reading(text) }
        let position = request.cursor.map(DeadLetterPosition.init) ?? DeadLetterPosition(began: now)
        guard let position else { throw .badRequest("`cursor` is none that an answer gave") }
        self.position = position
        earliest = try Self.moment(position.began, before: request.newerThan, "newer_than")
        latest = try Self.moment(position.began, before: request.olderThan, "older_than")
    }

    private static func moment(_ now: Int64, before text: String?, _ name: String) throws(Refusal) -> Int64? {
        guard let text else { return nil }
        guard let age = DurationText.parse(text) else { throw .badRequest("`\(name)` is a duration such as 90s or 1h") }
        return now - Int64(age / .milliseconds(1))
    }

    /// Where to begin in a set that has not been looked into: in order of time, so nothing earlier need be read.
    var start: Cursor? { earliest.flatMap { Cursor("\($0),0") } }

    /// Whether a delivery is meant.
    func covers(_ letter: DeadLetter) -> Bool {
        if let destination, destination != letter.destination { return false }
        if let source, source != letter.reference.source { return false }
        if let pattern, !pattern.matches(letter.type) { return false }
        return !isBeyond(letter) && earliest.map { letter.since >= $0 } ?? true
    }

    /// Whether a delivery, and all that follow it, began to wait too late to be meant.
    func isBeyond(_ letter: DeadLetter) -> Bool {
        latest.map { letter.since > $0 } ?? false
    }
}

extension API.DeadLetterRequest {
    /// The keys that a request can have.
    static let keys: Set = [
        "destination", "standing", "source", "type", "older_than", "newer_than", "to", "ids", "dry_run", "cursor",
    ]
    /// The parameters that choose what is listed.
    static let queryNames: Set = ["destination", "standing", "source", "type", "older_than", "newer_than", "cursor"]

    /// Takes over what a query says.
    init(_ query: Query) {
        self.init()
        destination = query["destination"]
        standing = query["standing"]
        source = query["source"]
        type = query["type"]
        olderThan = query["older_than"]
        newerThan = query["newer_than"]
        cursor = query["cursor"]
    }
}
