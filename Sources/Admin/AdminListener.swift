import GatewayConfiguration
import Glibc
import Hummingbird
import Logging
import NIOCore
import Telemetry

/// Whether the gateway can take events, and if not, why.
package enum Readiness: Sendable, Equatable {
    /// Redis answers and the door is open.
    case ready
    /// It cannot; the reasons are for an operator.
    case notReady(reasons: [String])
}

/// The operators' listener: health, readiness, metrics and the API, never on the public port.
package struct AdminListener: Sendable {
    private let address: ListenAddress
    private let readiness: @Sendable () async -> Readiness
    private let metrics: @Sendable () async -> String
    private let api: AdminAPI
    private let group: any EventLoopGroup
    private let logger: Logger
    private let onBound: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - readiness: asked at each `GET /readyz`.
    ///   - metrics: the Prometheus text, asked for at each `GET /metrics`.
    ///   - api: what is under `/api/v1`.
    ///   - onBound: called with the port once the listener is open.
    package init(
        address: ListenAddress, group: any EventLoopGroup, logger: Logger,
        readiness: @escaping @Sendable () async -> Readiness, metrics: @escaping @Sendable () async -> String,
        api: AdminAPI, onBound: @escaping @Sendable (Int) -> Void
    ) {
        self.address = address
        self.group = group
        self.logger = logger
        self.readiness = readiness
        self.metrics = metrics
        self.api = api
        self.onBound = onBound
    }

    /// Listens until graceful shutdown or cancellation.
    /// - Throws: ``AdminListenerError`` where the address cannot be listened on.
    package func run() async throws {
        var quiet = logger
        quiet.logLevel = .critical  // Hummingbird tells of its own start and of every cancelled stop
        let application = Application(
            router: router(), configuration: .init(address: .hostname(address.host, port: address.port)),
            onServerRunning: { [onBound, address, logger] channel in
                onBound(channel.localAddress?.port ?? address.port)
                let opened =
                    "\(channel.localAddress?.ipAddress ?? address.host):\(channel.localAddress?.port ?? address.port)"
                logger.notice("admin listener open", metadata: ["address": .string(opened)])
            },
            eventLoopGroupProvider: .shared(group), logger: quiet)
        do {
            try await application.run()
        } catch let error where !(error is CancellationError) {
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
            throw AdminListenerError(address: address, reason: reason)
        }
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: FailureMiddleware())
        router.get("healthz") { _, _ in Self.text("ok\n") }
        router.get("readyz") { [readiness] _, _ in
            switch await readiness() {
            case .ready: Self.text("ready\n")
            case .notReady(let reasons): Self.text(reasons.joined(separator: "\n") + "\n", status: .serviceUnavailable)
            }
        }
        router.get("metrics") { [metrics] _, _ in
            Self.text(await metrics(), contentType: Metrics.contentType)
        }
        api.addRoutes(to: router)
        return router
    }

    private static func text(
        _ text: String, status: HTTPResponse.Status = .ok, contentType: String = "text/plain; charset=utf-8"
    ) -> Response {
        Response(
            status: status, headers: [.contentType: contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}

/// Why the admin listener cannot open.
package struct AdminListenerError: Error, CustomStringConvertible {
    let address: ListenAddress
    let reason: String

    /// A message for the operator.
    package var description: String { "cannot listen on \(address) (`admin.listen`): \(reason)" }
}
