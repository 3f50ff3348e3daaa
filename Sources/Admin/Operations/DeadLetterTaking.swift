import EventLedger
import GatewayConfiguration

/// What becomes of deliveries that wait for a person.
enum DeadLetterFate: String, Sendable {
    /// They are delivered again.
    case replay
    /// They are given up for good.
    case drop
}

/// What a request has taken so far.
struct TakenLetters: Sendable {
    /// What is told of it.
    var answer = API.DeadLetterAnswer()
    /// The destinations for which deliveries were queued.
    var destinations: Set<String> = []
    /// Whether one was left alone because too many are pending: the others would be, too.
    var isFull = false

    /// Notes a delivery that is left alone.
    mutating func skip(_ letter: DeadLetter, _ reason: String) {
        skip(
            API.Skipped(
                source: letter.reference.source, id: letter.reference.id, destination: letter.destination,
                reason: reason))
        if reason == API.Skipped.full { isFull = true }
    }

    /// Notes an event that has no such delivery.
    mutating func skip(_ id: String, _ reason: String) {
        skip(API.Skipped(source: nil, id: id, destination: nil, reason: reason))
    }

    private mutating func skip(_ skipped: API.Skipped) {
        guard answer.skipped.count < API.maximumSkipped else { return }
        answer.skipped.append(skipped)
    }
}

/// How deliveries are taken from where they wait for a person, one call of the ledger at a time.
struct DeadLetterTaking: Sendable {
    private let fate: DeadLetterFate
    private let target: NewEvent.Target?
    private let isDryRun: Bool
    private let configuration: GatewayConfiguration
    private let ledger: Ledger

    /// - Parameter to: the destination to replay them to; nil means that of each.
    /// - Throws: ``Refusal`` where that destination is not configured.
    init(
        fate: DeadLetterFate, to: String?, isDryRun: Bool, configuration: GatewayConfiguration, ledger: Ledger
    ) throws(Refusal) {
        self.fate = fate
        target = try to.map { (name) throws(Refusal) in try configuration.target(name) }
        self.isDryRun = isDryRun
        self.configuration = configuration
        self.ledger = ledger
    }

    /// Takes deliveries, at most ``EventLedger/Ledger/maximumRequeues``, from the set in which they stand.
    /// - Returns: those that are not there any more.
    func take(
        _ letters: [DeadLetter], from set: Ledger.DeliverySet, into taken: inout TakenLetters
    ) async throws -> [DeadLetter] {
        let planned = letters.map { (letter: $0, to: destination(of: $0)) }
        let (takeable, orphaned) = fate == .drop ? (planned, []) : planned.separated { $0.to != nil }
        var results: [RequeueResult] = []
        if !isDryRun {
            results = try await ledger.requeue(
                takeable.map { Requeue($0.letter.reference, from: $0.letter.destination, to: $0.to) },
                sources: set == .dead ? .dead : .held, isReplay: fate == .replay, limits: ClaimLimits(configuration))
        }
        taken.answer.matched += letters.count
        for (letter, _) in orphaned { taken.skip(letter, API.Skipped.orphaned) }
        var gone: [DeadLetter] = []
        for (result, (letter, to)) in zip(results, takeable) {
            if let reason = result.reason {
                taken.skip(letter, reason)
            } else {
                taken.answer.done += 1
                if let to { taken.destinations.insert(to.name) }
                gone.append(letter)
            }
        }
        return gone
    }

    /// Where a delivery goes; nil to drop it, and where its own destination is not configured.
    private func destination(of letter: DeadLetter) -> NewEvent.Target? {
        switch fate {
        case .drop: nil
        case .replay: target ?? configuration.destination(letter.destination).map { NewEvent.Target($0) }
        }
    }
}

extension RequeueResult {
    /// Why nothing was done, in a word; nil where it was.
    var reason: String? {
        switch self {
        case .done: nil
        case .gone: API.Skipped.gone
        case .full: API.Skipped.full
        case .stands(let standing): standing.rawValue
        }
    }
}

extension Array {
    /// The elements for which something holds, and the others, in their order.
    fileprivate func separated(by holds: (Element) -> Bool) -> ([Element], [Element]) {
        (filter(holds), filter { !holds($0) })
    }
}
