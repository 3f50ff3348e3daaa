/// The states that are looked up when metrics are asked for. What cannot be had at the time, as when Redis is away, is
/// nil and left out of the text.
package struct Gauges: Sendable {
    /// The state of one destination.
    package struct Destination: Sendable {
        /// The name in the configuration, or in an earlier one.
        package var name: String
        /// Deliveries not settled.
        package var pending: Int?
        /// Dead letters.
        package var deadLetters: Int?
        /// Deliveries of unknown outcome that wait for a person.
        package var held: Int?
        /// The age of the oldest delivery not settled; zero where there is none.
        package var oldestPending: Duration?
        /// Whether the circuit breaker is open.
        package var isBreakerOpen: Bool?
        /// Whether a person has paused deliveries.
        package var isPaused: Bool?
        /// Whether it is not configured any more, although something is kept for it.
        package var isOrphaned: Bool?

        /// Makes the state of a destination.
        package init(
            name: String, pending: Int? = nil, deadLetters: Int? = nil, held: Int? = nil,
            oldestPending: Duration? = nil, isBreakerOpen: Bool? = nil, isPaused: Bool? = nil, isOrphaned: Bool? = nil
        ) {
            self.name = name
            self.pending = pending
            self.deadLetters = deadLetters
            self.held = held
            self.oldestPending = oldestPending
            self.isBreakerOpen = isBreakerOpen
            self.isPaused = isPaused
            self.isOrphaned = isOrphaned
        }
    }

    /// Whether Redis answers.
    package var isRedisUp: Bool
    /// The destinations, each name once.
    package var destinations: [Destination]

    /// Makes states.
    package init(isRedisUp: Bool, destinations: [Destination] = []) {
        self.isRedisUp = isRedisUp
        self.destinations = destinations
    }

    func write(to text: inout PrometheusText) {
        text.family("oncegate_redis_up", .gauge, help: "Whether Redis answers.")
        text.sample("oncegate_redis_up", [], isRedisUp ? 1 : 0)
        write(&text, "oncegate_pending", "Deliveries not settled.") { $0.pending.map(Double.init) }
        write(&text, "oncegate_dead_letters", "Deliveries given up, until replayed or forgotten.") {
            $0.deadLetters.map(Double.init)
        }
        write(&text, "oncegate_held", "Deliveries of unknown outcome that wait for a person.") {
            $0.held.map(Double.init)
        }
        write(&text, "oncegate_oldest_pending_seconds", "Age of the oldest delivery not settled.") {
            $0.oldestPending.map { $0 / .seconds(1) }
        }
        write(&text, "oncegate_breaker_open", "Whether the circuit breaker holds deliveries back.") {
            $0.isBreakerOpen.map { $0 ? 1 : 0 }
        }
        write(&text, "oncegate_paused", "Whether a person has paused deliveries.") { $0.isPaused.map { $0 ? 1 : 0 } }
        write(&text, "oncegate_orphaned", "Whether it is not configured, although something is kept for it.") {
            $0.isOrphaned.map { $0 ? 1 : 0 }
        }
    }

    private func write(
        _ text: inout PrometheusText, _ name: String, _ help: String, _ value: (Destination) -> Double?
    ) {
        text.family(name, .gauge, help: help)
        for destination in destinations.sorted(by: { $0.name < $1.name }) {
            guard let value = value(destination) else { continue }
            text.sample(name, [("destination", destination.name)], value)
        }
    }
}
