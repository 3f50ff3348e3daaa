import Synchronization

/// How far a run has got, read from any thread.
final class BenchProgress: Sendable {
    /// Events that were accepted.
    let accepted = Atomic(0)
    /// Deliveries that were answered with 2xx, each counted once.
    let delivered = Atomic(0)
}
