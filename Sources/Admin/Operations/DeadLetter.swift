import EventLedger

/// A delivery that waits for a person, as far as choosing and taking it goes.
struct DeadLetter: Sendable, Hashable {
    /// The event.
    let reference: EventReference
    /// The event's type.
    let type: String
    /// The destination.
    let destination: String
    /// Since when it waits, in milliseconds of Redis' clock.
    let since: Int64

    /// Names a delivery.
    init(reference: EventReference, type: String, destination: String, since: Int64) {
        self.reference = reference
        self.type = type
        self.destination = destination
        self.since = since
    }

    /// Takes over what a list has.
    init(_ delivery: ListedDelivery) {
        self.init(
            reference: delivery.event.reference, type: delivery.event.head.type, destination: delivery.destination,
            since: delivery.at)
    }
}

extension ShownEvent {
    /// Its deliveries that wait for a person, and the set in which each does.
    var deadLetters: [(set: Ledger.DeliverySet, letter: DeadLetter)] {
        listed.deliveries.compactMap { destination, record in
            let set: Ledger.DeliverySet
            switch record.standing {
            case .dead: set = .dead
            case .unknown: set = .unknown
            default: return nil
            }
            let letter = DeadLetter(
                reference: listed.reference, type: listed.head.type, destination: destination,
                since: record.entries.first?.at ?? 0)
            return (set, letter)
        }
    }
}

extension Cursor {
    /// The same place once some of the members before it are gone: it is told by how many of its score are passed over.
    func without(_ gone: [DeadLetter]) -> Cursor? {
        let parts = description.split(separator: ",")
        guard !gone.isEmpty, let score = Double(parts[0]), let passed = Int(parts[1]) else { return self }
        let same = gone.count { Double($0.since) == score }
        return Cursor("\(parts[0]),\(passed - same)")
    }
}
