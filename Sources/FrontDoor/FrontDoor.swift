import EventLedger
import GatewayConfiguration
import Glibc
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Telemetry

/// The public HTTP/1.1 listener: webhooks and nothing else.
package struct FrontDoor: Sendable {
    /// The longest header section in bytes, names and values together.
    package static let maximumHeaderBytes = 32 * 1024
    /// The most header fields.
    package static let maximumHeaderCount = 128
    /// How long connections may take to finish their requests once the door closes.
    package static let drainTime = Duration.seconds(10)
    /// Connections that the kernel holds until they are accepted.
    static let backlog: Int32 = 4096

    /// An event loop with a ledger whose Redis connection lives on the same loop, so that a claim hops no thread.
    package struct Lane: Sendable {
        let eventLoop: any EventLoop
        let ledger: Ledger

        /// Pairs the two.
        package init(eventLoop: any EventLoop, ledger: Ledger) {
            self.eventLoop = eventLoop
            self.ledger = ledger
        }
    }

    private let door: Door
    private let address: ListenAddress
    private let group: any EventLoopGroup
    private let lanes: [Lane]
    private let logger: Logger
    private let onBound: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - group: the loops that connections are spread over; each of them has a lane.
    ///   - clock: seconds since 1970.
    ///   - onBound: called with the port once the door is open.
    ///   - onQueued: called on an event loop with the destinations for which deliveries were queued.
    ///   - opening: called on an event loop with a destination to which an event is about to be queued, and the loop: an
    ///     opening of its dispatcher, or nil.
    /// - Throws: ``TLSError`` where the certificate cannot be used.
    package init(
        configuration: GatewayConfiguration, group: any EventLoopGroup, lanes: [Lane], metrics: Metrics,
        logger: Logger, clock: @escaping @Sendable () -> Int64, onBound: @escaping @Sendable (Int) -> Void,
        onQueued: @escaping @Sendable ([String]) -> Void,
        opening: @escaping @Sendable (String, any EventLoop) -> (any Opening)? = { _, _ in nil }
    ) throws {
        door = try Door(
            configuration: configuration, metrics: metrics, logger: logger, clock: clock, onQueued: onQueued,
            opening: opening)
        address = configuration.listen
        self.group = group
        self.lanes = lanes
        self.logger = logger
        self.onBound = onBound
    }

    /// Puts another configuration into force, all but `listen`; requests under way keep the one they began with.
    /// - Throws: ``TLSError`` where the certificate cannot be used; nothing changes then.
    package func apply(_ configuration: GatewayConfiguration) throws {
        try door.apply(configuration)
    }

    /// Why the door takes no events, or nil where it does.
    package var reasonClosed: String? {
        switch door.phase {
        case .closed: "the front door is not open yet"
        case .open: nil
        case .draining: "the gateway is draining"
        }
    }

    /// Opens the door until graceful shutdown or cancellation, then lets running requests finish.
    /// - Throws: ``FrontDoorError`` where the address cannot be listened on.
    package func run() async throws {
        let connections = try await makeConnections()
        let server = try await bind(connections)
        door.open()
        onBound(server.localAddress?.port ?? address.port)
        let opened =
            server.localAddress.map { "\($0.ipAddress ?? address.host):\($0.port ?? address.port)" } ?? "\(address)"
        logger.notice("front door open", metadata: ["address": .string(opened)])
        await withTaskCancellationOrGracefulShutdownHandler {
            try? await server.closeFuture.get()  // a listener that fails to close is closed all the same
        } onCancelOrGracefulShutdown: { [door] in
            door.beginDraining()
            server.close(promise: nil)
        }
        for (loop, connections) in connections.values { loop.execute { connections.value.beginDraining() } }
        let giveUp = group.next().scheduleTask(in: TimeAmount(Self.drainTime)) {
            for (loop, connections) in connections.values { loop.execute { connections.value.closeAll() } }
        }
        await door.waitUntilDrained()
        giveUp.cancel()
        logger.notice("front door closed")
    }

    private typealias Connections = [ObjectIdentifier: (any EventLoop, NIOLoopBound<LoopConnections>)]

    private func makeConnections() async throws -> Connections {
        var connections: Connections = [:]
        for lane in lanes {
            let loop = lane.eventLoop
            connections[ObjectIdentifier(loop)] = (
                loop, try await loop.submit { NIOLoopBound(LoopConnections(eventLoop: loop), eventLoop: loop) }.get()
            )
        }
        return connections
    }

    private func bind(_ connections: Connections) async throws -> any Channel {
        let ledgers = Dictionary(
            uniqueKeysWithValues: lanes.map { (ObjectIdentifier($0.eventLoop), $0.ledger) })
        let door = door
        do {
            return try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: Self.backlog)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let loop = ObjectIdentifier(channel.eventLoop)
                        guard let ledger = ledgers[loop], let (_, connections) = connections[loop] else {
                            preconditionFailure("every loop of the group has a lane")
                        }
                        try Self.configure(channel, door: door, ledger: ledger, connections: connections.value)
                    }
                }
                .bind(host: address.host, port: address.port).get()
        } catch {
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
            throw FrontDoorError(address: address, reason: reason)
        }
    }

    /// Puts the handlers of a connection into its channel.
    static func configure(
        _ channel: any Channel, door: Door, ledger: Ledger, connections: LoopConnections
    ) throws {
        let pipeline = channel.pipeline.syncOperations
        let plan = door.plan
        if let tls = plan.tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        let clock = RequestClock(isHandshaking: plan.tls != nil)
        let wire = WireHandler(clock: clock)
        try pipeline.addHandler(wire)
        // Whoever reads no answers is not read from: what waits to be written stays bounded.
        try pipeline.addHandler(BackPressureHandler())
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = maximumHeaderBytes
        limits.maxHeaderListSize = maximumHeaderBytes
        limits.maxHeaderFieldCount = maximumHeaderCount
        let gate = RequestGate(clock: clock, wire: wire, maximumBody: plan.maximumBody)
        try pipeline.addHandlers([
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)),
            gate,
            RequestHandler(door: door, ledger: ledger, connections: connections, clock: clock, wire: wire, gate: gate),
        ])
    }
}

/// Why the front door cannot open.
package struct FrontDoorError: Error, CustomStringConvertible {
    let address: ListenAddress
    let reason: String

    /// A message for the operator.
    package var description: String { "cannot listen on \(address) (`listen`): \(reason)" }
}
