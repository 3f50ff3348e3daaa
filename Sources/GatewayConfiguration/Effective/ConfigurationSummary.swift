import Webhooks

/// The text that `oncegate check` prints for a configuration that is fit to use.
///
/// It holds names, paths and addresses without userinfo and query, and no secret.
package struct ConfigurationSummary: Sendable, CustomStringConvertible {
    private let configuration: GatewayConfiguration
    private let warnings: [GatewayConfiguration.Problem]

    /// The longest line of the list of ignored types, in characters.
    static let lineLength = 100

    /// Makes the summary of what loading has returned.
    package init(_ loaded: GatewayConfiguration.Loaded) {
        configuration = loaded.configuration
        warnings = loaded.warnings
    }

    /// The summary: listeners, sources, destinations, the routes of each source, warnings. No line end at the end.
    package var description: String {
        var blocks = [listeners, sources, destinations]
        blocks += EffectiveRoutes(configuration).listings.map { Self.text(of: $0) }
        if !warnings.isEmpty {
            blocks.append(warnings.map { "\($0.file):\($0.line):\($0.column): warning: \($0.message)" })
        }
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var listeners: [String] {
        let admin = configuration.admin
        let token = admin.token == nil ? "no token, this machine only" : "with a token"
        let redis =
            configuration.redis.map { "as configured, prefix \($0.prefix)" }
            ?? "of its own, in \(configuration.dataDirectory)"
        return TextTable.lines([
            ["front door", configuration.listen.description + (configuration.tls == nil ? "" : ", TLS")],
            ["admin", "\(admin.listen), \(token)"],
            ["redis", redis],
        ])
    }

    private var sources: [String] {
        TextTable.lines(
            [["SOURCE", "PATH", "SCHEME", "SECRETS", "TOLERANCE", "ONLY FROM"]]
                + configuration.sources.map { source in
                    [
                        source.name, source.path, source.scheme.name, "\(source.secrets.count)",
                        source.scheme.signsTime ? DurationText.format(source.tolerance) : "no time is signed",
                        Self.text(of: source.allowedAddresses),
                    ]
                })
    }

    private var destinations: [String] {
        TextTable.lines(
            [["DESTINATION", "URL", "PAYLOAD", "ATTEMPTS", "ALSO"]]
                + configuration.destinations.map { destination in
                    [
                        destination.name, destination.shownURL, destination.payload.rawValue,
                        Self.text(of: destination.retry), Self.traits(of: destination).joined(separator: ", "),
                    ]
                })
    }

    private static func text(of addresses: [AddressRange]?) -> String {
        guard let addresses else { return "" }
        let shown = addresses.prefix(3).map(\.description).joined(separator: ", ")
        return addresses.isEmpty ? "nowhere" : addresses.count > 3 ? "\(shown), …" : shown
    }

    private static func text(of retry: RetryPolicy) -> String {
        retry.attempts == 1 ? "1" : "\(retry.attempts) in \(DurationText.approximate(retry.span))"
    }

    private static func traits(of destination: Destination) -> [String] {
        var traits: [String] = []
        if destination.signingSecret != nil { traits.append("signed") }
        if destination.tls?.authorities != nil { traits.append("own authorities") }
        if destination.tls?.identity != nil { traits.append("client certificate") }
        if let limit = destination.rateLimit { traits.append("at most \(limit)") }
        if destination.onUnknown == .hold { traits.append("unknown outcomes held") }
        if destination.ordering == .subject { traits.append("in order by subject") }
        if let most = destination.maxPending { traits.append("at most \(most) waiting") }
        if destination.skipStale { traits.append("stale updates skipped") }
        return traits
    }

    private static func text(of listing: EffectiveRoutes.Listing) -> [String] {
        let nowhere = "nowhere (accepted and ignored)"
        let rows = listing.rows.filter { !$0.destinations.isEmpty }
        let other = listing.otherTypes.isEmpty ? nowhere : listing.otherTypes.joined(separator: ", ")
        let lines = TextTable.lines(
            [["EVENTS OF \(listing.source)", "GO TO"]]
                + rows.map { [$0.events, $0.destinations.joined(separator: ", ")] }
                + [[rows.isEmpty ? "every type" : "every other type", other]])
        guard !listing.ignoredTypes.isEmpty else { return lines }
        let count = "\(listing.ignoredTypes.count) of the \(ClerkEventTypes.all.count)"
        return lines + ["\(count) types that Clerk is known to send go nowhere:"]
            + TextTable.wrapped(listing.ignoredTypes, width: lineLength).map { "  \($0)" }
    }
}
