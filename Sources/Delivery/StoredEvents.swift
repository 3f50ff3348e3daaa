import EventLedger
import NIOCore
import Webhooks

/// The events of what is leased, as the ledger keeps them: each is read once for all of this gateway's destinations that
/// it goes to.
///
/// Confined to the dispatchers' event loop.
final class StoredEvents {
    /// How many bytes of bodies are kept at the most.
    static let maximumBytes = 8 << 20
    /// How many events are kept at the most, however short they are.
    static let maximumCount = 4096
    /// How many bodies are asked for at the most before the first of them has come.
    static let maximumReads = 64
    /// How many bytes they may have together; one body may exceed it.
    static let maximumReadBytes = 4 << 20

    /// Why there is no event.
    enum Failure: Error, Equatable {
        /// Redis has not answered.
        case unanswered
        /// What is kept is not an event; trying again cannot help.
        case damaged(String)
    }

    private struct Key: Hashable {
        let event: EventReference
        /// Tells an event from one of the same id that was sent anew after it was forgotten.
        let receivedAt: Int64

        init(_ due: DueDelivery) {
            event = due.reference
            receivedAt = due.receivedAt
        }
    }

    /// Deliveries that are to have their events together.
    private final class Batch {
        let due: [DueDelivery]
        var results: [Result<Event, Failure>?]
        var missing: Int
        let completion: ([Result<Event, Failure>]) -> Void

        init(_ due: [DueDelivery], _ completion: @escaping ([Result<Event, Failure>]) -> Void) {
            self.due = due
            self.completion = completion
            results = Array(repeating: nil, count: due.count)
            missing = due.count
        }

        func add(_ result: Result<Event, Failure>, at index: Int) {
            results[index] = result
            missing -= 1
            if missing == 0 { completion(results.compactMap(\.self)) }
        }
    }

    private enum Entry {
        case kept(Event)
        case awaited([(batch: Batch, index: Int)])
    }

    private let ledger: Ledger
    private var entries: [Key: Entry] = [:]
    /// Those that are kept, the oldest first.
    private var kept = CircularBuffer<Key>()
    private var keptBytes = 0
    /// What is to be asked for, in this order.
    private var waiting = CircularBuffer<DueDelivery>()
    /// How many bodies are asked for, and how many bytes they have.
    private(set) var underWay = (count: 0, bytes: 0)

    /// - Parameter ledger: a ledger whose connection lives on the event loop of the caller.
    init(ledger: Ledger) {
        self.ledger = ledger
    }

    /// How many events are kept.
    var count: Int { kept.count }

    /// Finds the events of deliveries.
    /// - Parameter completion: gets one result for each, in their order: at once where all are there, else on the event
    ///   loop.
    func find(_ due: [DueDelivery], completion: @escaping ([Result<Event, Failure>]) -> Void) {
        let batch = Batch(due, completion)
        for (index, due) in due.enumerated() {
            let key = Key(due)
            switch entries[key] {
            case .kept(let event): batch.add(.success(event), at: index)
            case .awaited(let others): entries[key] = .awaited(others + [(batch, index)])
            case nil:
                entries[key] = .awaited([(batch, index)])
                waiting.append(due)
            }
        }
        ask()
    }

    private func ask() {
        while let next = waiting.first {
            // Of what an earlier version stored the length is not known, and it may be any.
            let bytes = next.bodyLength ?? Self.maximumReadBytes
            let isRoom = underWay.count < Self.maximumReads && underWay.bytes + bytes <= Self.maximumReadBytes
            guard isRoom || underWay.count == 0 else { return }
            waiting.removeFirst()
            underWay = (underWay.count + 1, underWay.bytes + bytes)
            ledger.body(of: next.reference).assumeIsolated().whenComplete { result in
                self.underWay = (self.underWay.count - 1, self.underWay.bytes - bytes)
                self.take(result, of: next)
                self.ask()
            }
        }
    }

    private func take(_ body: Result<ByteBuffer?, any Error>, of due: DueDelivery) {
        let result: Result<Event, Failure>
        switch body {
        case .failure: result = .failure(.unanswered)
        case .success(nil): result = .failure(.damaged("the body of the event is gone"))
        case .success(.some(let body)):
            result = Result { try due.event(body: body) }.mapError { .damaged("\($0)") }
        }
        let key = Key(due)
        guard case .awaited(let places) = entries.removeValue(forKey: key) else { return }
        if case .success(let event) = result { keep(event, key) }
        for place in places { place.batch.add(result, at: place.index) }
    }

    private func keep(_ event: Event, _ key: Key) {
        entries[key] = .kept(event)
        kept.append(key)
        keptBytes += event.body.count
        while keptBytes > Self.maximumBytes || kept.count > Self.maximumCount, let oldest = kept.popFirst() {
            guard case .kept(let event) = entries.removeValue(forKey: oldest) else { continue }
            keptBytes -= event.body.count
        }
    }
}
