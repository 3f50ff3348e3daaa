/// How many durations fell under each of a row of bounds, observed from any thread without a lock.
final class Histogram: Sendable {
    /// The upper bounds, in nanoseconds, and as the label `le` shows them, in seconds: from a claim in memory to the
    /// longest usual timeout of a webhook.
    static let bounds: [(nanoseconds: UInt64, label: String)] = [
        (500_000, "0.0005"), (1_000_000, "0.001"), (2_500_000, "0.0025"), (5_000_000, "0.005"),
        (10_000_000, "0.01"), (25_000_000, "0.025"), (50_000_000, "0.05"), (100_000_000, "0.1"),
        (250_000_000, "0.25"), (500_000_000, "0.5"), (1_000_000_000, "1"), (2_500_000_000, "2.5"),
        (5_000_000_000, "5"), (10_000_000_000, "10"), (30_000_000_000, "30"), (60_000_000_000, "60"),
    ]

    /// One for each bound, and one for what is above them all.
    private let buckets = (0...bounds.count).map { _ in Counter() }
    private let sum = Counter()

    /// Counts a duration; one below zero, from a clock set back, counts as zero.
    func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let nanoseconds =
            UInt64(max(0, min(seconds, 1_000_000_000))) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
        let index = Self.bounds.firstIndex { nanoseconds <= $0.nanoseconds } ?? Self.bounds.count
        buckets[index].add()
        sum.add(nanoseconds)
    }

    /// The counts up to and including each bound, the last without one, and the sum of all, in seconds.
    ///
    /// The total is the last of these counts, so that a scrape is consistent in itself.
    var snapshot: (cumulated: [UInt64], sum: Double) {
        var total: UInt64 = 0
        let cumulated = buckets.map { bucket in
            total += bucket.value
            return total
        }
        return (cumulated, Double(sum.value) / 1e9)
    }
}
