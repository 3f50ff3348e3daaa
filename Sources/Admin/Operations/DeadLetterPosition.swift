import EventLedger

/// A place in the sets of several destinations, which are gone through in alphabetical order, in each the dead letters
/// before the deliveries of unknown outcome.
///
/// Its text is for programs to hand back: `<began>/<destination>/<set>/<cursor of the ledger>`.
struct DeadLetterPosition: Sendable, Equatable, CustomStringConvertible {
    /// When the first request of a row of them was made, in milliseconds of Redis' clock.
    let began: Int64
    /// The destination; empty at the beginning.
    let destination: String
    /// Where in its sets.
    let set: Ledger.DeliverySet
    /// Where in the set; nil at its beginning.
    let cursor: Cursor?

    /// The beginning.
    init(began: Int64) {
        self.init(began: began, destination: "", set: .dead, cursor: nil)
    }

    /// Names a place.
    init(began: Int64, destination: String, set: Ledger.DeliverySet, cursor: Cursor?) {
        self.began = began
        self.destination = destination
        self.set = set
        self.cursor = cursor
    }

    /// Reads a text; nil for what no position gave.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let began = Int64(parts[0]), began >= 0,
            let set = Ledger.DeliverySet(rawValue: parts[2])
        else { return nil }
        let cursor = Cursor(parts[3])
        guard cursor != nil || parts[3].isEmpty else { return nil }
        self.init(began: began, destination: parts[1], set: set, cursor: cursor)
    }

    /// The text to read it back from.
    var description: String {
        "\(began)/\(destination)/\(set.rawValue)/\(cursor?.description ?? "")"
    }
}

/// The way through the sets of several destinations.
struct DeadLetterWalk: Sendable {
    private let began: Int64
    private var stops: ArraySlice<(destination: String, set: Ledger.DeliverySet)>
    private var cursor: Cursor?

    /// Finds the place at which to go on; a destination that is gone meanwhile is passed over.
    /// - Parameter destinations: their names.
    init(from position: DeadLetterPosition, through destinations: [String], sets: [Ledger.DeliverySet]) {
        began = position.began
        let all = destinations.sorted().flatMap { destination in sets.map { (destination: destination, set: $0) } }
        stops = all.drop { destination, set in
            destination < position.destination
                || destination == position.destination && set == .dead && position.set == .unknown
        }
        if let first = stops.first, first.destination == position.destination, first.set == position.set {
            cursor = position.cursor
        }
    }

    /// The next place to read at; nil at the end.
    var position: DeadLetterPosition? {
        stops.first.map {
            DeadLetterPosition(began: began, destination: $0.destination, set: $0.set, cursor: cursor)
        }
    }

    /// Goes on in the same set, or where nothing follows there in the next one.
    mutating func advance(to next: Cursor?) {
        cursor = next
        if next == nil { stops.removeFirst() }
    }
}
