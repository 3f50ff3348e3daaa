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

    private struct Key: Hashable {
        let event: EventReference
        /// Tells an event from one of the same id that was sent anew after it was forgotten.
        let receivedAt: Int64

        init(_ due: DueDelivery) {
            event = due.reference
            receivedAt = due.receivedAt
        }

        /// Ids are as good as all of it, for they are the same in two sources by chance only.
        func hash(into hasher: inout Hasher) { hasher.combine(event.id) }
    }

    /// Deliveries that are to have their events together.
    private final class Batch {
        private var results: [Result<Event, StoredEventError>?]
        private var missing: Int
        private let completion: ([Result<Event, StoredEventError>]) -> Void

        init(count: Int, _ completion: @escaping ([Result<Event, StoredEventError>]) -> Void) {
            self.completion = completion
            results = Array(repeating: nil, count: count)
            missing = count
        }

        func add(_ result: Result<Event, StoredEventError>, at index: Int) {
            results[index] = result
            missing -= 1
            if missing == 0 { completion(results.compactMap(\.self)) }
        }
    }

    /// An event that is kept, or is being read for those who wait.
    private final class Entry {
        let key: Key
        var event: Event?
        var waiting: [(batch: Batch, index: Int)] = []

        init(_ key: Key) { self.key = key }
    }

    private let ledger: Ledger
    private var entries: [Key: Entry] = [:]
    /// Those that are kept, the oldest first.
    private var kept = CircularBuffer<Key>()
    private var keptBytes = 0
    /// What is to be asked for, in this order.
    private var waiting = CircularBuffer<(entry: Entry, due: DueDelivery)>()
    private var isAsking = false
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
    func find(_ due: [DueDelivery], completion: @escaping ([Result<Event, StoredEventError>]) -> Void) {
        guard !due.isEmpty else { return completion([]) }
        let batch = Batch(count: due.count, completion)
        for (index, due) in due.enumerated() {
            let key = Key(due)
            guard let entry = entries[key] else {
                let entry = Entry(key)
                entry.waiting.append((batch, index))
                entries[key] = entry
                waiting.append((entry, due))
                continue
            }
            if let event = entry.event {
                batch.add(.success(event), at: index)
            } else {
                entry.waiting.append((batch, index))
            }
        }
        ask()
    }

    private func ask() {
        // Where there is no connection the answer is there at once, and would ask for the next one, within this one.
        guard !isAsking else { return }
        isAsking = true
        defer { isAsking = false }
        while let (entry, due) = waiting.first {
            // Of what an earlier version stored the length is not known, and it may be any. What Redis holds is not trusted
            // with more than the bound: sums of it must not overflow.
            let bytes = min(max(0, due.bodyLength ?? .max), Self.maximumReadBytes)
            let isRoom = underWay.count < Self.maximumReads && underWay.bytes + bytes <= Self.maximumReadBytes
            guard isRoom || underWay.count == 0 else { return }
            waiting.removeFirst()
            underWay = (underWay.count + 1, underWay.bytes + bytes)
            ledger.readEvent(of: due) { result in
                self.underWay = (self.underWay.count - 1, self.underWay.bytes - bytes)
                self.take(result, for: entry)
                self.ask()
            }
        }
    }

    private func take(_ result: Result<Event, StoredEventError>, for entry: Entry) {
        if case .success(let event) = result {
            entry.event = event
            keep(event, entry.key)
        } else {
            entries[entry.key] = nil
        }
        let waiting = entry.waiting
        entry.waiting = []
        for place in waiting { place.batch.add(result, at: place.index) }
    }

    private func keep(_ event: Event, _ key: Key) {
        kept.append(key)
        keptBytes += event.body.count
        while keptBytes > Self.maximumBytes || kept.count > Self.maximumCount, let oldest = kept.popFirst() {
            keptBytes -= entries.removeValue(forKey: oldest)?.event?.body.count ?? 0
        }
    }
}
