import EventLedger
import Redis

extension AdminAPI {
    /// Replays or drops a batch of what waits for a person.
    func take(_ request: API.DeadLetterRequest, _ fate: DeadLetterFate) async throws -> API.DeadLetterAnswer {
        let filter = try DeadLetterFilter(request, now: try await ledger.time())
        let taking = try DeadLetterTaking(
            fate: fate, to: request.to, isDryRun: request.dryRun ?? false, configuration: configuration(),
            ledger: ledger)
        var taken = TakenLetters()
        if let ids = request.ids {
            try await take(ids, source: request.source, filter, by: taking, into: &taken)
        } else {
            try await take(filter, by: taking, into: &taken)
        }
        notify(Array(taken.destinations))
        if taken.answer.done > 0 {
            logger.notice(
                "dead letters taken",
                metadata: ["what": .string(fate.rawValue), "count": .stringConvertible(taken.answer.done)])
        }
        return taken.answer
    }

    /// Takes what a filter covers, as far as one request goes.
    private func take(
        _ filter: DeadLetterFilter, by taking: DeadLetterTaking, into taken: inout TakenLetters
    ) async throws {
        var walk = try await walk(filter)
        var lookedAt = 0
        while let position = walk.position, lookedAt < Self.maximumLookedAt, !taken.isFull {
            let wanted = min(Self.maximumLookedAt - lookedAt, Ledger.maximumRequeues)
            do {
                let page = try await ledger.deliveries(
                    position.set, of: position.destination, from: position.cursor ?? filter.start, limit: wanted)
                // An empty set costs a question, too.
                lookedAt += page.next == nil ? page.items.count + 1 : wanted
                // What was given up after the first request of a row is left alone: a replay that fails again would
                // otherwise be replayed for ever.
                let letters = page.items.map { DeadLetter($0) }
                let gone = try await taking.take(
                    letters.filter { filter.covers($0) && $0.since <= position.began }, from: position.set,
                    into: &taken)
                let isOver = letters.last.map { filter.isBeyond($0) || $0.since > position.began } ?? false
                walk.advance(to: isOver ? nil : page.next?.without(gone))
            } catch let error as RedisError {
                // What was done before is told; the next request begins where this one was interrupted.
                guard taken.answer.done > 0 else { throw error }
                break
            }
        }
        taken.answer.cursor = walk.position?.description
    }

    /// Takes what waits for a person of events that are named.
    private func take(
        _ ids: [String], source: String?, _ filter: DeadLetterFilter, by taking: DeadLetterTaking,
        into taken: inout TakenLetters
    ) async throws {
        guard (1...API.maximumIDs).contains(ids.count) else {
            throw Refusal.badRequest("`ids` has 1 to \(API.maximumIDs) ids")
        }
        var letters: [Ledger.DeliverySet: [DeadLetter]] = [:]
        for id in Set(ids).sorted() {
            do {
                let found = try await find(id, source: source).deadLetters.filter { set, letter in
                    filter.sets.contains(set) && filter.covers(letter)
                }
                if found.isEmpty { taken.skip(id, API.Skipped.nothingDead) }
                for (set, letter) in found { letters[set, default: []].append(letter) }
            } catch let refusal as Refusal where refusal.status == .notFound {
                taken.skip(id, API.Skipped.unknownEvent)
            }
        }
        for (set, letters) in letters {
            for start in stride(from: 0, to: letters.count, by: Ledger.maximumRequeues) {
                let batch = letters[start..<min(start + Ledger.maximumRequeues, letters.count)]
                _ = try await taking.take(Array(batch), from: set, into: &taken)
            }
        }
    }
}
