import EventLedger
import GatewayConfiguration
import NIOCore
import Webhooks

/// The part of the configuration that a request meets, made ready to use; it is swapped as a whole.
struct DoorPlan: Sendable {
    /// A source, made ready.
    struct Source: Sendable {
        let name: String
        let verifier: Verifier
    }

    /// The sources by path.
    let sources: [String: Source]
    let routes: RoutingTable
    let claimLimits: ClaimLimits
    /// The longest body, in bytes.
    let maximumBody: Int
    let maximumConnections: Int
    let requestTimeout: TimeAmount

    init(_ configuration: GatewayConfiguration) {
        sources = Dictionary(
            uniqueKeysWithValues: configuration.sources.map { source in
                let tolerance = source.tolerance.components.seconds
                return (
                    source.path,
                    Source(name: source.name, verifier: Verifier(keys: source.keys, tolerance: tolerance))
                )
            })
        routes = RoutingTable(configuration.routes)
        claimLimits = ClaimLimits(
            window: Int(configuration.idempotency.window.components.seconds),
            maximumPending: configuration.maxPending)
        maximumBody = configuration.limits.body
        maximumConnections = configuration.limits.connections
        requestTimeout = TimeAmount(configuration.limits.requestTimeout)
    }

    /// The source of a request target: its path alone counts, a query does not.
    func source(target: String) -> Source? {
        if let source = sources[target] { return source }
        guard let query = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        return sources[String(target[..<query])]
    }
}
