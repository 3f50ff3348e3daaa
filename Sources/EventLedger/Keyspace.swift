import Redis

/// The names of Oncegate's keys in Redis.
///
/// | key | type | holds |
/// | --- | --- | --- |
/// | `og:{p}:claim:<source>:<id>` | string | the claim: set once, renewed at every sighting; a ``ClaimMark`` where it leased |
/// | `og:{p}:event:<source>:<id>` | hash | the event and the state of its deliveries |
/// | `og:{p}:history` | sorted set | every event: the finished ones by the time they finished, above them the others |
/// | `og:{p}:due:<destination>` | sorted set | `<source>:<id>`, score the time of the next attempt, with a fraction while leased |
/// | `og:{p}:queue:<destination>:<source>:<subject>` | list | deliveries in order, the first of them in `due` |
/// | `og:{p}:behind` | hash | for each destination how many deliveries are behind the first of their queue |
/// | `og:{p}:dead:<destination>` | sorted set | dead letters, score the time they were given up |
/// | `og:{p}:held:<destination>` | sorted set | deliveries of unknown outcome that wait for a person |
/// | `og:{p}:lease:<destination>:<dispatcher>` | string | the latest lease of a dispatcher, for as long as it lasts |
/// | `og:{p}:breaker:<destination>` | hash | failures in a row; while the breaker is open, when the next probe may go |
/// | `og:{p}:rate:<destination>` | hash | the token bucket of a rate limit, gone once it is full again |
/// | `og:{p}:fresh:<destination>:<source>:<family>:<subject>` | string | the time of the latest event delivered |
/// | `og:{p}:paused` | hash | the paused destinations |
/// | `og:{p}:destinations` | set | the destinations that something is kept for |
/// | `og:{p}:pending` | string | the number of deliveries that wait, in all |
///
/// Times are milliseconds of Redis' own clock. `og` is the configured prefix; `p` is the partition, in braces so that
/// all keys of one script share a Redis Cluster slot. Source and destination names hold no colon, so that a name and an
/// id can always be told apart.
///
/// The fields of an event: `m` its ``EventHead`` and the time it was received, `b` raw body, `n` deliveries pending, `d`
/// deliveries that wait for a person; for each destination `:<name>` the ``DeliveryRecord`` and `y:<name>` the beginning
/// of the body of the last answer that was no success.
package struct Keyspace: Sendable {
    /// What all keys begin with.
    let base: String
    // Made once, for every claim needs them.
    let pending: String
    let history: String
    let behind: String
    private let claims: String
    private let events: String
    private let dues: String

    /// - Parameters:
    ///   - prefix: the configured prefix, without braces, colons or spaces.
    ///   - partition: which part of the events the keys hold.
    package init(prefix: String, partition: Int = 0) {
        base = "\(prefix):{\(partition)}:"
        pending = base + "pending"
        history = base + "history"
        behind = base + "behind"
        claims = base + "claim:"
        events = base + "event:"
        dues = base + "due:"
    }

    var paused: String { base + "paused" }
    var destinations: String { base + "destinations" }

    func claim(_ event: EventReference) -> String { claims + event.member }
    func event(_ event: EventReference) -> String { events + event.member }
    func eventWord(_ event: EventReference) -> RedisArgument { .joined(events, event.member) }
    func due(_ destination: String) -> String { dues + destination }
    func dueWord(_ destination: String) -> RedisArgument { .joined(dues, destination) }
    func dead(_ destination: String) -> String { base + "dead:" + destination }
    func held(_ destination: String) -> String { base + "held:" + destination }
    func breaker(_ destination: String) -> String { base + "breaker:" + destination }
    func rate(_ destination: String) -> String { base + "rate:" + destination }
    func lease(_ destination: String, dispatcher: String) -> String { base + "lease:\(destination):\(dispatcher)" }
}

/// Which event is meant: ids are unique within a source only.
package struct EventReference: Sendable, Hashable {
    /// The name of the source.
    package let source: String
    /// The sender's id.
    package let id: String

    /// Names an event.
    package init(source: String, id: String) {
        self.source = source
        self.id = id
    }

    /// The reference as it stands in keys and sorted sets.
    var member: String { "\(source):\(id)" }

    /// Reads a reference back; nil where there is no colon.
    init?(member: String) {
        guard let colon = member.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        source = String(member[..<colon])
        id = String(member[member.index(after: colon)...])
    }
}
