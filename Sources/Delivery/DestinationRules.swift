import EventLedger
import GatewayConfiguration

extension LeaseRule {
    /// The rule of a configured destination.
    /// - Parameter window: how long an id stays claimed, in seconds.
    init(_ destination: Destination, window: Int) {
        self.init(
            length: destination.timeout + Dispatcher.leaseMargin,
            rate: destination.rateLimit.map { LeaseRate(perSecond: $0.perSecond) },
            holdsUnknown: destination.onUnknown == .hold, skipsStale: destination.skipStale, window: window)
    }
}

extension BreakerRule {
    /// The rule of a configured breaker.
    init(_ breaker: Destination.Breaker) {
        self.init(failures: breaker.failures, probe: breaker.probe, probeMaximum: breaker.probeMax)
    }
}

extension Destination {
    /// How long the time of a delivered event is remembered for the stale guard: while the id of an older one can still
    /// come in, and then be repeated. Nil where there is no guard.
    /// - Parameter window: how long an id stays claimed, in seconds.
    func guardTime(window: Int) -> Duration? {
        skipStale ? .seconds(window) + retry.span * (1 + retry.jitter) : nil
    }
}
