import Admin
import Delivery
import EventLedger
import Foundation
import FrontDoor
import GatewayConfiguration
import Logging
import NIOCore
import NIOPosix
import Redis
import ServiceLifecycle
import Telemetry

/// A whole gateway: the one place that builds the concrete parts and ties them together.
///
///     front door ──► ledger (Redis) ──► dispatchers ──► destinations
struct Gateway: Sendable {
    /// How many event loops the front door has at the most: Redis is the bound well before.
    static let maximumLoops = 4

    /// How many event loops the front door has, one for two cores: deliveries and, as a rule, Redis need the others, and
    /// the fewer loops there are, the more events each of them claims with one call.
    static func doorLoopCount(cores: Int) -> Int { min(max(cores / 2, 1), maximumLoops) }

    /// Told of the ports once the listeners are open.
    struct Listening: Sendable {
        var frontDoor: @Sendable (Int) -> Void = { _ in }
        var admin: @Sendable (Int) -> Void = { _ in }
    }

    private let embedded: EmbeddedRedis?
    private let connections: [RedisConnection]
    private let delivery: RedisConnection
    private let door: DoorKeeper
    private let dispatchers: Dispatchers
    private let history: History
    private let admin: AdminListener
    private let frontDoor: FrontDoor
    private let configuration: CurrentConfiguration
    private let logger: Logger

    init(configuration: GatewayConfiguration, logger: Logger, listening: Listening = Listening()) throws {
        let endpoint: RedisEndpoint
        if let redis = configuration.redis {
            embedded = nil
            endpoint = try RedisEndpoint(url: redis.url.revealed)
        } else {
            let server = try EmbeddedRedis(dataDirectory: configuration.dataDirectory, logger: logger)
            embedded = server
            endpoint = server.endpoint
        }
        let keyspace = Keyspace(configuration)
        // Of several connections to one server one tells of its ups and downs; the others only of errors.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .error)
        func connect(_ loop: any EventLoop, logger: Logger) -> RedisConnection {
            RedisConnection(endpoint: endpoint, scripts: Ledger.scripts, eventLoop: loop, logger: logger)
        }
        let doorLoops = MultiThreadedEventLoopGroup(
            numberOfThreads: Self.doorLoopCount(cores: System.coreCount))
        let backLoops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let doorConnections = doorLoops.makeIterator().map { connect($0, logger: quiet) }
        let deliveryLoop = backLoops.next()
        let deliveryConnection = connect(deliveryLoop, logger: quiet)
        let control = connect(deliveryLoop, logger: logger)
        connections = doorConnections + [deliveryConnection, control]
        delivery = deliveryConnection
        let controlLedger = Ledger(connection: control, keyspace: keyspace)

        let metrics = Metrics(version: Version.current)
        let clock: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
        let dispatchers = Dispatchers(
            configuration: configuration, ledger: Ledger(connection: deliveryConnection, keyspace: keyspace),
            eventLoop: deliveryLoop, metrics: metrics, logger: logger, clock: clock)
        let frontDoor = try FrontDoor(
            configuration: configuration, group: doorLoops,
            lanes: doorConnections.map { connection in
                FrontDoor.Lane(
                    eventLoop: connection.eventLoop, ledger: Ledger(connection: connection, keyspace: keyspace))
            },
            metrics: metrics, logger: logger, clock: clock, onBound: listening.frontDoor,
            onQueued: { dispatchers.notify($0) }, opening: { dispatchers.opening(for: $0, on: $1) })
        let current = CurrentConfiguration(configuration)
        let status = GatewayStatus(
            ledger: controlLedger, frontDoor: frontDoor, configuration: current, metrics: metrics)
        admin = AdminListener(
            address: configuration.admin.listen, group: backLoops, logger: logger,
            readiness: { await status.readiness() }, metrics: { await status.metricsText() },
            api: AdminAPI(
                ledger: controlLedger, token: configuration.admin.token, configuration: { current.value },
                notify: { dispatchers.notify($0) }, logger: logger),
            onBound: listening.admin)
        door = DoorKeeper(
            frontDoor: frontDoor, connection: control,
            check: StartupCheck(
                ledger: controlLedger, allowsEviction: configuration.redis?.allowEviction ?? false, logger: logger))
        history = History(configuration: configuration, ledger: controlLedger, logger: logger)
        self.dispatchers = dispatchers
        self.frontDoor = frontDoor
        self.configuration = current
        self.logger = logger
    }

    /// The gateway's parts in the order in which they start; they stop in the reverse order, so that each can still
    /// use those before it.
    var services: [any Service] {
        var services: [any Service] = []
        if let embedded { services.append(Running(embedded.run)) }
        services.append(
            contentsOf: connections.map { connection in
                Running {
                    // Where the server never gets ready this throws the server's own error, so that it does not matter
                    // which of the two services is seen to end first.
                    if let embedded { try await embedded.waitUntilReady() }
                    try await connection.run()
                }
            })
        services.append(Running(admin.run))
        services.append(
            Running { [dispatchers, delivery] in
                // Without Redis after a while, as the door does.
                try? await delivery.waitUntilConnected(deadline: .now + DoorKeeper.patience)
                try await dispatchers.run()
            })
        services.append(Running(history.run))
        services.append(Running(door.run))
        return services
    }

    /// Puts another configuration into force: sources, destinations, routes, limits and certificates.
    /// - Throws: `TLSError` where the certificate of the front door cannot be used; nothing changes then.
    func apply(_ configuration: GatewayConfiguration) throws {
        try frontDoor.apply(configuration)
        self.configuration.value = configuration
        dispatchers.apply(configuration)
        history.apply(configuration)
    }
}

extension Keyspace {
    /// The names of the keys of a configured gateway.
    init(_ configuration: GatewayConfiguration) {
        self.init(prefix: configuration.redis?.prefix ?? RedisSettings.defaultPrefix)
    }
}

/// A `run()` as a service.
struct Running: Service {
    private let body: @Sendable () async throws -> Void

    init(_ body: @escaping @Sendable () async throws -> Void) {
        self.body = body
    }

    func run() async throws {
        try await body()
    }
}
