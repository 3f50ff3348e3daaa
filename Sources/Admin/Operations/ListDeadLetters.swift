import EventLedger

extension AdminAPI {
    /// Lists what waits for a person.
    func deadLetters(_ filter: DeadLetterFilter, limit: Int, isRevealed: Bool) async throws -> API.DeadLetterPage {
        var walk = try await walk(filter)
        var letters: [API.Delivery] = []
        var lookedAt = 0
        while let position = walk.position, letters.count < limit, lookedAt < Self.maximumLookedAt {
            // Never more than fit: the cursor of the ledger is then the right one, wherever the page ends.
            let wanted = min(limit - letters.count, Self.maximumLookedAt - lookedAt, Ledger.maximumPage)
            let page = try await ledger.deliveries(
                position.set, of: position.destination, from: position.cursor ?? filter.start, limit: wanted)
            // An empty set costs a question, too.
            lookedAt += page.next == nil ? page.items.count + 1 : wanted
            letters += page.items.filter { filter.covers(DeadLetter($0)) }.map {
                API.Delivery($0, in: position.set, isRevealed: isRevealed)
            }
            let isOver = page.items.last.map { filter.isBeyond(DeadLetter($0)) } ?? false
            walk.advance(to: isOver ? nil : page.next)
        }
        return API.DeadLetterPage(deadLetters: letters, cursor: walk.position?.description)
    }

    /// The way through the sets that a filter names.
    /// - Throws: ``Refusal`` where the only destination is not known.
    func walk(_ filter: DeadLetterFilter) async throws -> DeadLetterWalk {
        let destinations: [String]
        if let destination = filter.destination {
            try await requireKnown(destination)
            destinations = [destination]
        } else {
            let configured = configuration().destinations.map(\.name)
            destinations = Array(Set(try await ledger.knownDestinations()).union(configured))
        }
        return DeadLetterWalk(from: filter.position, through: destinations, sets: filter.sets)
    }
}
