import Redis

/// The names of Oncegate's keys in Redis.
///
/// | key | type | holds |
/// | --- | --- | --- |
/// | `og:{p}:claim:<source>:<id>` | string | the claim: set once, renewed at every sighting |
/// | `og:{p}:event:<source>:<id>` | hash | the event and the state of its deliveries |
/// | `og:{p}:due:<destination>` | sorted set | member `<source>:<id>`, score the time of the next attempt |
/// | `og:{p}:dead:<destination>` | sorted set | dead letters, score the time they were given up |
/// | `og:{p}:done` | sorted set | finished events, score the time they finished |
/// | `og:{p}:breaker:<destination>` | hash | failures in a row; while the breaker is open, when the next probe may go |
/// | `og:{p}:rate:<destination>` | hash | the token bucket of a rate limit, gone once it is full again |
/// | `og:{p}:pending` | string | the number of deliveries that wait, in all |
///
/// Times are milliseconds of Redis' own clock. `og` is the configured prefix; `p` is the partition, in braces so that
/// all keys of one script share a Redis Cluster slot. Source and destination names hold no colon, so that a name and an
/// id can always be told apart.
///
/// The fields of an event: `t` type, `j` subject, `c` content type, `p` traceparent, `s` signed timestamp (seconds),
/// `b` raw body, `r` received at, `n` deliveries not settled, `d` dead letters; for each destination `a:<name>` its
/// leases so far, `x:<name>` those of them that no request came of, and `s:<name>` the last verdict, its time and the
/// answer.
package struct Keyspace: Sendable {
    /// What all keys begin with.
    let base: String

    /// - Parameters:
    ///   - prefix: the configured prefix, without braces, colons or spaces.
    ///   - partition: which part of the events the keys hold.
    package init(prefix: String, partition: Int = 0) {
        base = "\(prefix):{\(partition)}:"
    }

    var claims: String { base + "claim:" }
    var events: String { base + "event:" }
    var done: String { base + "done" }
    var pending: String { base + "pending" }

    func claim(_ event: EventReference) -> String { claims + event.member }
    func event(_ event: EventReference) -> String { events + event.member }
    func due(_ destination: String) -> String { base + "due:" + destination }
    func breaker(_ destination: String) -> String { base + "breaker:" + destination }
    func rate(_ destination: String) -> String { base + "rate:" + destination }
    func dead(_ destination: String) -> String { base + "dead:" + destination }
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
