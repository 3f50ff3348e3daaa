import EventLedger
import GatewayConfiguration
import NIOCore
import NIOSSL
import Telemetry
import Webhooks

/// The part of the configuration that a request meets, made ready to use; it is swapped as a whole.
struct DoorPlan: Sendable {
    /// A source, made ready.
    struct Source: Sendable {
        let name: String
        let verifier: Verifier
        /// The position of each key's secret in the configuration.
        let secretPositions: [Int]
        let metrics: SourceMetrics
        /// The addresses that events may come from; nil for all.
        let allowedAddresses: [AddressRange]?
    }

    /// The sources by path.
    let sources: [String: Source]
    private let routes: RoutingTable
    /// How deliveries wait, by destination.
    private let targets: [String: NewEvent.Target]
    let claimLimits: ClaimLimits
    /// The longest body, in bytes.
    let maximumBody: Int
    let maximumConnections: Int
    /// The most connections of one address, and requests under way of one client behind a proxy.
    let connectionsPerAddress: Int
    let requestTimeout: TimeAmount
    let idleTimeout: TimeAmount
    let proxies: TrustedProxies
    /// What new connections speak TLS with; nil where they speak plain HTTP.
    let tls: NIOSSLContext?

    /// - Parameter metrics: where requests are counted; the secrets of each source are named there.
    /// - Throws: ``TLSError`` where the certificate cannot be used.
    init(_ configuration: GatewayConfiguration, metrics: Metrics) throws {
        sources = Dictionary(
            uniqueKeysWithValues: configuration.sources.map { source in
                let counters = metrics.source(source.name)
                counters.expect(secrets: source.secretPositions)
                let verifier = Verifier(
                    scheme: source.scheme, keys: source.keys, tolerance: source.tolerance.components.seconds)
                return (
                    source.path,
                    Source(
                        name: source.name, verifier: verifier, secretPositions: source.secretPositions,
                        metrics: counters, allowedAddresses: source.allowedAddresses)
                )
            })
        routes = RoutingTable(configuration.routes)
        targets = Dictionary(uniqueKeysWithValues: configuration.destinations.map { ($0.name, NewEvent.Target($0)) })
        claimLimits = ClaimLimits(configuration)
        maximumBody = configuration.limits.body
        maximumConnections = configuration.limits.connections
        connectionsPerAddress = configuration.limits.connectionsPerAddress
        requestTimeout = TimeAmount(configuration.limits.requestTimeout)
        idleTimeout = TimeAmount(configuration.limits.idleTimeout)
        proxies = TrustedProxies(ranges: configuration.trustedProxies)
        tls = try configuration.tls.map { try NIOSSLContext($0) }
    }

    /// The destinations of an event.
    func targets(source: String, type: String) -> [NewEvent.Target] {
        routes.destinations(source: source, type: type).compactMap { targets[$0] }
    }

    /// The source of a request target: its path alone counts, a query does not.
    func source(target: String) -> Source? {
        if let source = sources[target] { return source }
        guard let query = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        return sources[String(target[..<query])]
    }
}
