import EventLedger
import GatewayConfiguration

extension AdminAPI {
    /// Delivers an event again: to one destination, or to all that it went to.
    func replay(_ id: String, source: String?, to: String?) async throws -> API.ReplayAnswer {
        let configuration = configuration()
        let target = try to.map { try configuration.target($0) }
        let event = try await find(id, source: source)
        let reference = event.listed.reference
        var deliveries: [API.Replayed] = []
        var requeues: [Requeue] = []
        if let target {
            requeues = [Requeue(reference, from: nil, to: target)]
        } else {
            for name in event.listed.deliveries.keys.sorted() {
                if let destination = configuration.destination(name) {
                    requeues.append(Requeue(reference, from: name, to: NewEvent.Target(destination)))
                } else {
                    deliveries.append(API.Replayed(destination: name, result: API.Skipped.orphaned))
                }
            }
        }
        for start in stride(from: 0, to: requeues.count, by: Ledger.maximumRequeues) {
            let batch = requeues[start..<min(start + Ledger.maximumRequeues, requeues.count)]
            let results = try await ledger.requeue(
                batch, sources: [.dead, .held, .finished], isReplay: true, limits: ClaimLimits(configuration))
            deliveries += zip(batch, results).map { requeue, result in
                API.Replayed(destination: requeue.to?.name ?? "", result: result.reason ?? API.Replayed.queued)
            }
        }
        let queued = deliveries.filter { $0.result == API.Replayed.queued }.map(\.destination)
        notify(queued)
        logger.notice(
            "event replayed",
            metadata: [
                "source": .string(reference.source), "id": .string(reference.id),
                "destinations": .string(queued.joined(separator: " ")),
            ])
        return API.ReplayAnswer(
            source: reference.source, id: reference.id,
            deliveries: deliveries.sorted { $0.destination < $1.destination })
    }
}
