import Webhooks

/// What a configuration comes to: which event types of which source go to which destinations.
///
/// The known types of Clerk are gone through one by one. Types that fare like every unknown type are not listed
/// singly, so that the listing stays as short as the routes allow.
package struct EffectiveRoutes: Sendable {
    /// One line of the listing of a source.
    package struct Row: Sendable, Hashable {
        /// An event type, or a pattern that covers no known type.
        package let events: String
        /// The names of the destinations in the order of the configuration's routes; empty if nothing gets it.
        package let destinations: [String]
    }

    /// The routes of one source.
    package struct Listing: Sendable, Hashable {
        /// The name of the source.
        package let source: String
        /// The types and patterns that fare otherwise than `otherTypes`.
        package let rows: [Row]
        /// The destinations of every type that no row names; empty if such events are ignored.
        package let otherTypes: [String]
        /// The known types that are ignored, where some known types are routed and others are not.
        package let ignoredTypes: [String]
    }

    /// One listing for each source, in the order of the configuration.
    package let listings: [Listing]

    /// Works out the routes of a configuration.
    package init(_ configuration: GatewayConfiguration) {
        let table = RoutingTable(configuration.routes)
        listings = configuration.sources.map { source in
            Self.listing(source: source, routes: configuration.routes, table: table)
        }
    }

    private static func listing(source: Source, routes: [Route], table: RoutingTable) -> Listing {
        // Clerk sends as Svix does; of other senders' types only those that a route names are known.
        let knownTypes = source.scheme == .svix ? ClerkEventTypes.all : []
        let source = source.name
        let routes = routes.filter { $0.source == nil || $0.source == source }
        let patterns = unique(routes.flatMap(\.events))
        let otherTypes = destinations(ofPatterns: ["**"], in: routes)
        let ofOwn = patterns.filter { pattern in
            pattern.text != "**" && !knownTypes.contains { pattern.matches($0) }
        }
        let known = knownTypes.map {
            Row(events: $0, destinations: table.destinations(source: source, type: $0))
        }
        let further = ofOwn.map { pattern in
            // A pattern with a star covers many types; what can be said of all of them is what it and `**` say.
            let destinations =
                pattern.text.contains("*")
                ? destinations(ofPatterns: [pattern.text, "**"], in: routes)
                : table.destinations(source: source, type: pattern.text)
            return Row(events: pattern.text, destinations: destinations)
        }
        let rows = (known + further).filter { Set($0.destinations) != Set(otherTypes) }
        let ignored = known.filter(\.destinations.isEmpty).map(\.events)
        return Listing(
            source: source, rows: rows, otherTypes: otherTypes,
            ignoredTypes: ignored.count < known.count ? ignored : [])
    }

    private static func destinations(ofPatterns texts: [String], in routes: [Route]) -> [String] {
        unique(routes.filter { $0.events.contains { texts.contains($0.text) } }.flatMap(\.destinations))
    }

    private static func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
        var seen: Set<Element> = []
        return elements.filter { seen.insert($0).inserted }
    }
}
