import NIOCore

/// What the ledger keeps of one delivery of an event: how many leases of it have ended, and what became of its latest attempts.
///
///     <leases ended> <leases that no attempt came of> <flags>\n<what> <when> <attempt> <milliseconds> <answer>\n…
///
/// The flags are `o` for a delivery that keeps an order and `r` for a replay, `-` where the first is missing.
package struct DeliveryRecord: Sendable, Equatable {
    /// What happened to a delivery.
    package struct Entry: Sendable, Equatable {
        /// In a word: `delivered`, `retry`, `dead`, `held`, `unknown`, `stale`, `queued`, `dropped` or `moved`.
        package let what: String
        /// When, in milliseconds of Redis' clock.
        package let at: Int64
        /// The number of the attempt; 0 where it was none.
        package let attempt: Int
        /// How long the attempt took, in milliseconds.
        package let duration: Int
        /// The answer in a few words, or a dash.
        package let answer: String
    }

    /// Where a delivery stands.
    package enum Standing: String, Sendable, CaseIterable {
        /// It waits for its first or next attempt, or is under way.
        case pending
        /// The destination has it.
        case delivered
        /// It was given up: a dead letter.
        case dead
        /// The outcome of its last attempt is unknown, and it waits for a person.
        case unknown
        /// It was not sent, for the destination has had a later event of the same subject.
        case stale
        /// A person dropped it.
        case dropped
        /// A person had it sent to another destination instead.
        case moved
    }

    /// How many leases of the delivery have ended: the token of the latest of them.
    package let token: Int
    /// The number of the latest attempt that has ended; 0 before that. A replay begins anew.
    package let attempts: Int
    /// Whether it is a replay.
    package let isReplay: Bool
    /// What happened, the latest first; the script keeps the latest 16.
    package let entries: [Entry]

    /// Where the delivery stands.
    package var standing: Standing {
        switch entries.first?.what {
        case "held": .unknown
        case "retry", "unknown", "queued", nil: .pending
        case .some(let what): Standing(rawValue: what) ?? .pending
        }
    }

    /// Reads a record; nil for anything else.
    init?(_ text: String) {
        let lines = text.split(separator: "\n")
        let numbers = lines.first?.split(separator: " ") ?? []
        guard numbers.count == 3, let token = Int(numbers[0]), let unmade = Int(numbers[1]) else { return nil }
        self.token = token
        attempts = token - unmade
        isReplay = numbers[2].utf8.contains(UInt8(ascii: "r"))
        entries = lines.dropFirst().compactMap { Entry($0) }
        guard entries.count == lines.count - 1 else { return nil }
    }
}

extension DeliveryRecord.Entry {
    init?(_ line: Substring) {
        let words = line.split(separator: " ", maxSplits: 4)
        guard words.count == 5, let at = Int64(words[1]), let attempt = Int(words[2]), let duration = Int(words[3])
        else { return nil }
        self.init(what: String(words[0]), at: at, attempt: attempt, duration: duration, answer: String(words[4]))
    }
}

/// What a lease needs of a ``DeliveryRecord``: its numbers and flags, without what happened before.
struct LeaseCounts: Equatable {
    let ended: Int
    let unmade: Int
    let isReplay: Bool

    /// Reads the beginning of a record; nil for anything else.
    init?(_ state: ByteBuffer) {
        var state = state
        let space = UInt8(ascii: " ")
        guard let ended = state.readNumber(before: space), let unmade = state.readNumber(before: space),
            (0...ended).contains(unmade)
        else { return nil }
        self.ended = ended
        self.unmade = unmade
        isReplay = state.readableBytesView.prefix { $0 != UInt8(ascii: "\n") }.contains(UInt8(ascii: "r"))
    }
}
