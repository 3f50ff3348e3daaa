import EventLedger

/// The openings that were taken for the deliveries of one event, in the order of its targets.
struct Openings: Sendable {
    private let all: [(any Opening)?]

    /// Takes what there is for an event.
    init(for event: NewEvent, from source: (String) -> (any Opening)?) {
        let openings = event.targets.map { source($0.name) }
        all = openings.contains { $0 != nil } ? openings : []
    }

    /// For how long each delivery is to be leased.
    var leases: [Duration?] { all.map { $0?.leaseLength } }

    /// Fills those that a claim has leased deliveries for, and gives the others back.
    /// - Returns: the destinations whose deliveries were queued, and wait for a dispatcher.
    func settle(_ event: NewEvent, _ result: Result<ClaimResult, any Error>) -> [String] {
        switch result {
        case .success(.leased(let receivedAt, let targets)):
            let delivery = LeasedDelivery(first: event, receivedAt: receivedAt)
            var queued: [String] = []
            for (index, target) in event.targets.enumerated() {
                let opening = index < all.count ? all[index] : nil
                if targets.contains(index), let opening {
                    opening.fill(with: delivery)
                } else {
                    opening?.giveBack()
                    queued.append(target.name)
                }
            }
            return queued
        case .success(let result):
            for opening in all { opening?.giveBack() }
            return result == .claimed ? event.targets.map(\.name) : []
        case .failure(let error):
            guard !all.isEmpty else { return [] }
            // Nobody else would hand back before the lease is over what a lost reply told of.
            let delivery = LeasedDelivery(first: event, receivedAt: 0)
            let isUnknown = Ledger.mayHaveClaimed(after: error)
            for opening in all {
                isUnknown ? opening?.giveBack(unknown: delivery, of: event.mark) : opening?.giveBack()
            }
            return []
        }
    }
}
