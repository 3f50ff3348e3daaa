import Synchronization

/// A number that only grows, counted from any thread without a lock.
final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    /// The present count.
    var value: UInt64 { count.load(ordering: .relaxed) }

    func add(_ amount: UInt64 = 1) { count.wrappingAdd(amount, ordering: .relaxed) }
}

/// A counter for each outcome. The table never changes once it is made, hence no lock.
struct OutcomeCounters<Outcome>: Sendable
where Outcome: CaseIterable & Hashable & RawRepresentable<String> & Sendable {
    private let counters = Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0, Counter()) })

    func add(_ outcome: Outcome) { counters[outcome]?.add() }

    /// Every outcome with its label and count, in the order of declaration.
    var values: [(label: String, count: UInt64)] {
        Outcome.allCases.map { ($0.rawValue, counters[$0]?.value ?? 0) }
    }
}

/// A set of numbers from 0 to 63 that only grows, from any thread without a lock.
final class BitSet64: Sendable {
    private let bits = Atomic<UInt64>(0)

    func insert(_ number: Int) { bits.bitwiseOr(1 << UInt64(number), ordering: .relaxed) }

    func contains(_ number: Int) -> Bool { bits.load(ordering: .relaxed) & (1 << UInt64(number)) != 0 }
}
