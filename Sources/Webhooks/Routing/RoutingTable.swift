/// One line of the routing file: which events go to which destinations.
package struct Route: Sendable, Equatable {
    /// The source whose events the route takes, or nil for every source.
    package let source: String?
    /// The event types it takes.
    package let events: [EventPattern]
    /// The names of the destinations they go to.
    package let destinations: [String]

    /// Makes a route; that its names exist is the configuration's business.
    package init(source: String?, events: [EventPattern], destinations: [String]) {
        self.source = source
        self.events = events
        self.destinations = destinations
    }

    /// Whether the route takes an event.
    package func matches(source: String, type: String) -> Bool {
        (self.source == nil || self.source == source) && events.contains { $0.matches(type) }
    }
}

/// Where each event goes: to the union of all routes that match it.
package struct RoutingTable: Sendable, Equatable {
    /// The routes in the order of the file.
    package let routes: [Route]

    /// Makes a table of routes.
    package init(_ routes: [Route]) {
        self.routes = routes
    }

    /// The names of the destinations of an event, each once, in the order in which the routes name them.
    package func destinations(source: String, type: String) -> [String] {
        var names: [String] = []
        for route in routes where route.matches(source: source, type: type) {
            for name in route.destinations where !names.contains(name) { names.append(name) }
        }
        return names
    }
}
