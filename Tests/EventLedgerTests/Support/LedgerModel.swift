@testable import EventLedger

/// What the ledger ought to hold, small enough to be seen to be right.
struct LedgerModel {
    /// Where a delivery stands.
    enum State: Equatable {
        /// It waits for its time; whether that has come.
        case waiting(isDue: Bool)
        /// It is leased; whether the lease has run out.
        case leased(ranOut: Bool)
        /// It waits for others of its subject.
        case queued
        case dead, held, finished

        var isPending: Bool { ![.dead, .held, .finished].contains(self) }
        var isDue: Bool { self == .waiting(isDue: true) || self == .leased(ranOut: true) }
    }

    struct Delivery {
        var state: State
        var token = 0
        /// Whether the latest lease was made by a claim.
        var isLeasedByClaim = false
        /// Leases that no attempt came of, and those before a replay.
        var unmade = 0
        /// What was last said of it.
        var word: Settlement.Verdict?
    }

    struct Event {
        var body: [UInt8]
        let subject: String
        var deliveries: [String: Delivery] = [:]

        var pending: Int { deliveries.values.filter(\.state.isPending).count }
        var isDone: Bool { deliveries.values.allSatisfy { $0.state == .finished } }
    }

    struct Lane: Hashable {
        let destination: String
        let subject: String
    }

    /// The destination that keeps an order.
    let ordered: String
    /// What the key of each claim holds.
    var claims: [String: Int] = [:]
    var events: [String: Event] = [:]
    var lanes: [Lane: [String]] = [:]

    var pending: Int { events.values.reduce(0) { $0 + $1.pending } }
    var done: Set<String> { Set(events.filter(\.value.isDone).keys) }

    init(ordered: String) {
        self.ordered = ordered
    }

    func due(at destination: String) -> Set<String> {
        Set(events.filter { $0.value.deliveries[destination]?.state.isDue == true }.keys)
    }

    /// Whether a delivery that has just been queued was never leased.
    func isFresh(_ id: String, at destination: String) -> Bool {
        events[id]?.deliveries[destination]?.token == 0
    }

    mutating func claim(
        _ id: String, subject: String, to destinations: [String], body: [UInt8], maximum: Int, mark: ClaimMark?
    ) -> ClaimResult {
        if claims[id] != nil { return .duplicate }
        if let event = events[id], event.pending > 0 {
            claims[id] = 1
            return .duplicate
        }
        if !destinations.isEmpty {
            guard pending + destinations.count <= maximum else { return .full(destination: nil) }
            var event = Event(body: body, subject: subject)
            for (destination, old) in events[id]?.deliveries ?? [:] where old.state != .finished {
                event.deliveries[destination] = old
            }
            for destination in destinations {
                let token = events[id]?.deliveries[destination]?.token ?? 0
                event.deliveries[destination] = Delivery(state: .waiting(isDue: true), token: token, unmade: token)
            }
            events[id] = event
            for destination in destinations { enqueue(id, at: destination) }
        }
        claims[id] = mark?.number ?? 1
        return .claimed
    }

    private mutating func enqueue(_ id: String, at destination: String) {
        events[id]?.deliveries[destination]?.state = .waiting(isDue: true)
        guard destination == ordered, let subject = events[id]?.subject else { return }
        let lane = Lane(destination: destination, subject: subject)
        lanes[lane, default: []].append(id)
        if lanes[lane]?.count != 1 { events[id]?.deliveries[destination]?.state = .queued }
    }

    /// Takes a delivery out of what waits.
    private mutating func leave(
        _ id: String, at destination: String, as state: State, _ word: Settlement.Verdict? = nil
    ) {
        events[id]?.deliveries[destination]?.state = state
        events[id]?.deliveries[destination]?.word = word
        if destination == ordered, let subject = events[id]?.subject {
            let lane = Lane(destination: destination, subject: subject)
            let wasFirst = lanes[lane]?.first == id
            lanes[lane]?.removeAll { $0 == id }
            if wasFirst, let next = lanes[lane]?.first {
                events[next]?.deliveries[destination]?.state = .waiting(isDue: true)
            }
        }
        if events[id]?.pending == 0 { claims[id] = claims[id] ?? 1 }
    }

    mutating func leased(_ id: String, at destination: String) {
        events[id]?.deliveries[destination]?.token += 1
        events[id]?.deliveries[destination]?.state = .leased(ranOut: false)
        events[id]?.deliveries[destination]?.isLeasedByClaim = false
    }

    mutating func held(_ id: String, at destination: String) {
        leave(id, at: destination, as: .held, .held)
    }

    mutating func settle(
        _ id: String, token: Int, at destination: String, as verdict: Settlement.Verdict
    ) -> SettlementResult {
        guard let delivery = events[id]?.deliveries[destination], delivery.token == token else { return .overtaken }
        let isUnlease = if case .unlease = verdict { true } else { false }
        switch delivery.state {
        case .held where verdict != .held && !isUnlease: enqueue(id, at: destination)
        case .leased:
            if case .unlease(_, let mark) = verdict {
                guard delivery.isLeasedByClaim, claims[id] == mark.number else { return .overtaken }
            }
        // Told the same word once more the ledger says that it has it.
        case .held, .dead, .finished: return delivery.word == verdict ? .recorded : .overtaken
        case .waiting, .queued:
            switch verdict {
            case .retry, .release, .unlease: return .recorded
            case .delivered, .dead, .held: return .overtaken
            }
        }
        let isFirst = events[id]?.deliveries[destination]?.state != .queued
        switch verdict {
        case .retry(let delay):
            if isFirst { events[id]?.deliveries[destination]?.state = .waiting(isDue: delay == .zero) }
        case .release(let delay), .unlease(let delay, _):
            if isFirst { events[id]?.deliveries[destination]?.state = .waiting(isDue: delay == .zero) }
            events[id]?.deliveries[destination]?.unmade += 1
        case .delivered: leave(id, at: destination, as: .finished, .delivered)
        case .dead: leave(id, at: destination, as: .dead, .dead)
        case .held: leave(id, at: destination, as: .held, .held)
        }
        return .recorded
    }

    mutating func requeue(
        _ id: String, from: String, to: String?, sources: RequeueSources, maximum: Int
    ) -> RequeueResult {
        guard let delivery = events[id]?.deliveries[from] else { return .gone }
        let (source, standing): (RequeueSources, DeliveryRecord.Standing) =
            switch delivery.state {
            case .dead: (.dead, .dead)
            case .held: (.held, .unknown)
            case .finished: (.finished, .delivered)
            case .waiting, .leased, .queued: (.pending, .pending)
            }
        guard sources.contains(source) else { return .stands(standing) }
        if to != nil, pending >= maximum { return .full }
        let claim = claims[id]
        let isElsewhere = to.map { $0 != from && events[id]?.deliveries[$0]?.state.isPending == true } ?? false
        if source == .pending {
            events[id]?.deliveries[from]?.token += 1
            leave(id, at: from, as: .finished)
        } else {
            events[id]?.deliveries[from]?.state = .finished
            events[id]?.deliveries[from]?.word = nil
        }
        if let to, !isElsewhere {
            let token = events[id]?.deliveries[to]?.token ?? 0
            events[id]?.deliveries[to] = Delivery(state: .waiting(isDue: true), token: token, unmade: token)
            enqueue(id, at: to)
        } else if events[id]?.pending == 0 {
            claims[id] = claims[id] ?? 1
        }
        // One that is moved has left in between, but the event has never been without a delivery.
        if events[id]?.pending != 0 { claims[id] = claim }
        return .done
    }

    mutating func forget(_ id: String) -> Ledger.Forgotten {
        if let event = events[id], event.pending > 0 { return .pending }
        let isKnown = claims.removeValue(forKey: id) != nil
        return events.removeValue(forKey: id) != nil || isKnown ? .done : .unknown
    }
}
