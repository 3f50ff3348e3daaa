import GatewayConfiguration

extension ClaimLimits {
    /// The bounds that a configuration sets.
    package init(_ configuration: GatewayConfiguration) {
        self.init(window: configuration.windowSeconds, maximumPending: configuration.maxPending)
    }
}

extension HistoryBounds {
    /// The bounds that a configuration sets.
    package init(_ configuration: GatewayConfiguration) {
        self.init(
            window: configuration.windowSeconds, time: configuration.retention.time,
            events: configuration.retention.events)
    }
}

extension NewEvent.Target {
    /// A configured destination.
    package init(_ destination: Destination) {
        self.init(
            name: destination.name, isOrdered: destination.ordering == .subject,
            maximumPending: destination.maxPending)
    }
}

extension GatewayConfiguration {
    fileprivate var windowSeconds: Int { Int(idempotency.window.components.seconds) }
}
