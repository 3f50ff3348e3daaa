import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle

extension RedisConnection: Service {
    /// Keeps the connection up until the task is cancelled or the service group shuts down gracefully.
    ///
    /// Then further commands are refused, and the connection is closed when the replies to those under way have come
    /// or timed out. Call it once.
    ///
    /// - Throws: A ``RedisError`` with the code `tlsConfiguration` where certificates cannot be read. Everything else
    ///   is tried again.
    package func run() async throws {
        precondition(!wasRun.exchange(true, ordering: .relaxed), "a connection runs once")
        let tls = try makeTLSContext()
        await cancelWhenGracefulShutdown {
            await withTaskCancellationHandler {
                await self.keepConnected(tls: tls)
            } onCancel: {
                self.shutDown()
            }
        }
    }

    private func keepConnected(tls: NIOSSLContext?) async {
        var delay = ReconnectDelay(first: limits.firstReconnectDelay, maximum: limits.maximumReconnectDelay)
        while !Task.isCancelled {
            let lasted = await connectOnce(tls: tls)
            if let lasted, lasted >= limits.stableAfter {
                delay.reset()
            }
            // The pause between two attempts to connect; ends early on cancellation, which the loop then sees.
            try? await Task.sleep(for: delay.advance())
        }
    }

    /// Connects, and returns when the connection has ended: how long it was in use, or nil if it never was.
    private func connectOnce(tls: NIOSSLContext?) async -> Duration? {
        let lasted = eventLoop.makePromise(of: Duration?.self)
        eventLoop.execute { self.connect(tls: tls, lasted: lasted) }
        // The promise is only ever succeeded.
        return (try? await lasted.futureResult.get()) ?? nil
    }

    // MARK: On the event loop

    private func connect(tls: NIOSSLContext?, lasted: EventLoopPromise<Duration?>) {
        guard !state.value.isShuttingDown else { return lasted.succeed(nil) }
        let ended = eventLoop.makePromise(of: RedisError.self)
        ended.futureResult.assumeIsolated().whenSuccess { error in
            lasted.succeed(self.ended(error))
        }
        let handler = RedisChannelHandler(
            eventLoop: eventLoop, limits: limits, endpoint: endpoint, scripts: scripts, ended: ended
        ) { self.becameReady($0) }
        state.value.attempt = handler
        open().assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel): self.install(handler, in: channel, tls: tls)
            case .failure(let error): handler.close(Self.unreachable(error))
            }
        }
    }

    /// Puts the handlers into a channel that has just become active.
    ///
    /// Not in the bootstrap's initializer: a host with several addresses has that run for several channels.
    private func install(_ handler: RedisChannelHandler, in channel: any Channel, tls: NIOSSLContext?) {
        guard !handler.isClosed else { return channel.close(promise: nil) }
        do {
            if let tls {
                let tlsHandler = try NIOSSLClientHandler(context: tls, serverHostname: serverName)
                try channel.pipeline.syncOperations.addHandler(tlsHandler)
            }
            try channel.pipeline.syncOperations.addHandler(handler)
        } catch {
            handler.close(Self.unreachable(error))
            channel.close(promise: nil)
        }
    }

    private func open() -> EventLoopFuture<any Channel> {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(limits.connectTimeout)
            .channelOption(.socketOption(.so_keepalive), value: 1)
        return switch endpoint.transport {
        case .tcp(let host, let port, _):
            bootstrap.channelOption(.tcpOption(.tcp_nodelay), value: 1).connect(host: host, port: port)
        case .unix(let path):
            bootstrap.connect(unixDomainSocketPath: path)
        }
    }

    // MARK: TLS

    /// How long closing a TLS connection may wait for the other side's consent.
    private static let tlsShutdownTimeout = TimeAmount.milliseconds(500)

    private func makeTLSContext() throws(RedisError) -> NIOSSLContext? {
        guard case .tcp(_, _, tls: true) = endpoint.transport else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = Self.tlsShutdownTimeout
        if let file = limits.trustRootsFile {
            configuration.trustRoots = .file(file)
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw RedisError(code: .tlsConfiguration, message: "The TLS certificates cannot be read: \(error)")
        }
    }

    /// The name for SNI and verification. An address has no place in SNI (RFC 6066 section 3); NIOSSL then verifies
    /// the address that it is connected to.
    private var serverName: String? {
        guard case .tcp(let host, _, _) = endpoint.transport else { return nil }
        return (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
    }

    /// NIO's connection error describes itself at length; the causes alone are of use.
    private static func unreachable(_ error: any Error) -> RedisError {
        var reason = words(for: error)
        if let failure = error as? NIOConnectionError {
            reason = failure.connectionErrors.map { words(for: $0.error) }.joined(separator: "; ")
            if failure.connectionErrors.isEmpty, let dns = failure.dnsAError ?? failure.dnsAAAAError {
                reason = "the name cannot be resolved: \(dns)"
            }
        }
        return RedisError(code: .notConnected, message: "Redis cannot be reached: \(reason)")
    }

    /// The system's own words for an error of a system call.
    private static func words(for error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }
}
