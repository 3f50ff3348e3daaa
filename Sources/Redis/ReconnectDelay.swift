/// How long to wait before connecting again: doubling from the first delay to the longest, less up to a quarter at
/// random, so that many gateways do not come back in step.
struct ReconnectDelay {
    private let first: Duration
    private let maximum: Duration
    private var next: Duration

    init(first: Duration, maximum: Duration) {
        self.first = first
        self.maximum = maximum
        next = first
    }

    /// Begins at the first delay again.
    mutating func reset() {
        next = first
    }

    /// Returns the next delay; `jitter` is a fraction between 0 and 1.
    mutating func advance(jitter: Double = .random(in: 0...1)) -> Duration {
        defer { next = min(next * 2, maximum) }
        return next * (1 - jitter / 4)
    }
}
