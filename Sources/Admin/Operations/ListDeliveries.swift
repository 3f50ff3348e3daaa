import EventLedger

extension AdminAPI {
    /// Lists the deliveries of one destination that stand in one place.
    func deliveries(_ query: Query) async throws -> API.DeliveryPage {
        guard let destination = query["destination"] else { throw Refusal.badRequest("`destination` is needed") }
        guard let set = Ledger.DeliverySet(rawValue: query["standing"] ?? Ledger.DeliverySet.pending.rawValue) else {
            let known = Ledger.DeliverySet.allCases.map(\.rawValue).joined(separator: ", ")
            throw Refusal.badRequest("`standing` is one of \(known)")
        }
        let (limit, start) = (try query.limit(), try query.cursor())
        try await requireKnown(destination)
        let page = try await ledger.deliveries(set, of: destination, from: start, limit: limit)
        return API.DeliveryPage(
            deliveries: page.items.map { API.Delivery($0, in: set, isRevealed: false) },
            cursor: page.next?.description)
    }
}

extension API.Delivery {
    /// What a list shows of a delivery.
    init(_ delivery: ListedDelivery, in set: Ledger.DeliverySet, isRevealed: Bool) {
        let isHidden = !isRevealed && AdminAPI.typesWithCodes.contains(delivery.event.head.type)
        let body = delivery.answerBody.readableBytes == 0 ? nil : String(buffer: delivery.answerBody)
        let time = API.time(delivery.at)
        self.init(
            destination: delivery.destination, standing: set.rawValue, source: delivery.event.reference.source,
            id: delivery.event.reference.id, type: delivery.event.head.type, subject: delivery.event.head.subject,
            receivedAt: API.time(delivery.event.receivedAt), dueAt: set == .pending ? time : nil,
            since: set == .pending ? nil : time, attempts: delivery.record.attempts, replay: delivery.record.isReplay,
            reason: delivery.record.entries.first?.answer, hidden: isHidden ? true : nil,
            lastAnswerBody: isHidden ? nil : body)
    }
}
