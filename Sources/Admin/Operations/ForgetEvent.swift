import EventLedger
import Webhooks

extension AdminAPI {
    /// Forgets an event, so that its sender can send it again.
    func forget(_ id: String, source: String?) async throws -> API.ForgetAnswer {
        let reference = try await reference(toForget: id, source: source)
        switch try await ledger.forget(reference) {
        case .done: break
        case .unknown: throw Refusal.notFound("the event \(id) of \(reference.source) is not known")
        case .pending:
            throw Refusal.conflict(
                "pending", "deliveries of \(id) are pending: an event can be forgotten once they are settled")
        }
        logger.notice(
            "event forgotten", metadata: ["source": .string(reference.source), "id": .string(reference.id)])
        return API.ForgetAnswer(source: reference.source, id: reference.id, forgotten: true)
    }

    /// Which event is meant. Of one that no route matched, or that has left history, only the claim is left, which
    /// tells nothing of itself: the source must then be named, unless there is only one.
    private func reference(toForget id: String, source: String?) async throws -> EventReference {
        let sources = configuration().sources.map(\.name)
        let only = source ?? (sources.count == 1 ? sources[0] : nil)
        guard let only, !only.contains(":"), Verifier.isUsable(id: id) else {
            return try await find(id, source: source).listed.reference
        }
        return EventReference(source: only, id: id)
    }
}
