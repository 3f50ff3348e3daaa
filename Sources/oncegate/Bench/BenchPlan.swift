/// What a load consists of.
struct BenchPlan: Sendable {
    /// Distinct events.
    let events: Int
    /// Of every so many requests one repeats the event before; 0 means none.
    let duplicateEvery: Int
    /// Requests in flight, each on a connection of its own.
    let connections: Int
    /// Requests a second, sent on time whatever the answers; nil means one after the other, as fast as they come.
    let rate: Double?
    /// The bodies, sent in turn.
    let bodies: [[UInt8]]
    /// How many destinations each event goes to.
    let destinations: Int
    /// The share of attempts that destinations answer with 503, 0 to 1.
    let failures: Double
    /// How long destinations take to answer.
    let delay: Duration
    /// Distinguishes the ids of this run from those of others.
    let run: String

    /// All requests, the repeated ones too.
    var requests: Int { duplicateEvery > 0 ? events + events / duplicateEvery : events }

    /// The number of the event that a request carries, from 0: with `duplicateEvery` 10 the requests 0 to 10 carry the
    /// events 0 to 9 and 9 once more.
    func event(ofRequest request: Int) -> Int {
        guard duplicateEvery > 0 else { return request }
        let (group, place) = request.quotientAndRemainder(dividingBy: duplicateEvery + 1)
        return group * duplicateEvery + min(place, duplicateEvery - 1)
    }

    /// The id of an event.
    func id(ofEvent event: Int) -> String { "msg_\(run)_\(event)" }

    /// The number of the event of an id; nil for another run's.
    func event(ofID id: some StringProtocol) -> Int? {
        let start = "msg_\(run)_"
        guard id.hasPrefix(start), let event = Int(id.dropFirst(start.count)), event < events else { return nil }
        return event
    }
}
