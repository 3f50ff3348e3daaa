/// The states that are looked up when metrics are asked for. What cannot be had at the time, as when Redis is away, is
/// nil and left out of the text.
package struct Gauges: Sendable {
    /// The state of one destination.
    package struct Destination: Sendable {
        /// The name in the configuration.
        package var name: String
        /// Deliveries not settled.
        package var pending: Int?
        /// Dead letters.
        package var deadLetters: Int?
        /// The age of the oldest delivery not settled; zero where there is none.
        package var oldestPending: Duration?
        /// Whether the circuit breaker is open.
        package var isBreakerOpen: Bool?

        /// Makes the state of a destination.
        package init(
            name: String, pending: Int? = nil, deadLetters: Int? = nil, oldestPending: Duration? = nil,
            isBreakerOpen: Bool? = nil
        ) {
            self.name = name
            self.pending = pending
            self.deadLetters = deadLetters
            self.oldestPending = oldestPending
            self.isBreakerOpen = isBreakerOpen
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
        write(&text, "oncegate_oldest_pending_seconds", "Age of the oldest delivery not settled.") {
            $0.oldestPending.map { $0 / .seconds(1) }
        }
        write(&text, "oncegate_breaker_open", "Whether the circuit breaker holds deliveries back.") {
            $0.isBreakerOpen.map { $0 ? 1 : 0 }
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
