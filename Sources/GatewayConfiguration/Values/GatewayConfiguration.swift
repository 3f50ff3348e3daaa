import Webhooks

/// The whole configuration of a gateway, validated.
///
/// Values of this type come from `load(yaml:file:environment:readFile:)`, which has checked every range named in the
/// doc comments of the parts, or from a test that builds one by hand. Descriptions and dumps leave out every secret.
package struct GatewayConfiguration: Sendable {
    /// The address of the front door, where webhooks come in. Default `0.0.0.0:8080`.
    package var listen: ListenAddress
    /// The certificate of the front door; nil for plain HTTP.
    package var tls: TLSIdentity?
    /// The proxies in front of the door whose `x-forwarded-for` is believed.
    package var trustedProxies: [AddressRange]
    /// The operators' listener: health, metrics and API.
    package var admin: Admin
    /// The Redis to use; nil means that the gateway runs a private redis-server of its own in `dataDirectory`.
    package var redis: RedisSettings?
    /// The folder of the embedded Redis, absolute or relative to the working directory. Default `./oncegate-data`.
    package var dataDirectory: String
    /// How long the id of an event is remembered.
    package var idempotency: Idempotency
    /// How long, and how many, finished events can still be looked up and replayed.
    package var retention: Retention
    /// The number of deliveries that may wait in all, 1 to 100,000,000; at the bound the door answers 503.
    package var maxPending: Int
    /// The bounds of the front door.
    package var limits: Limits
    /// The form and the threshold of the log.
    package var log: Log
    /// The senders, at least one, in the order of the file. Names and paths are unique.
    package var sources: [Source]
    /// The services that events go to, at least one, in the order of the file. Names are unique.
    package var destinations: [Destination]
    /// The routes, at least one, in the order of the file. They name existing sources and destinations only.
    package var routes: [Route]

    /// Makes a configuration of the given sources, destinations and routes, everything else at its default.
    ///
    /// Nothing is validated here: that is what loading does.
    package init(
        listen: ListenAddress = .defaultFrontDoor,
        tls: TLSIdentity? = nil,
        trustedProxies: [AddressRange] = [],
        admin: Admin = Admin(),
        redis: RedisSettings? = nil,
        dataDirectory: String = "./oncegate-data",
        idempotency: Idempotency = Idempotency(),
        retention: Retention = Retention(),
        maxPending: Int = 1_000_000,
        limits: Limits = Limits(),
        log: Log = Log(),
        sources: [Source],
        destinations: [Destination],
        routes: [Route]
    ) {
        self.listen = listen
        self.tls = tls
        self.trustedProxies = trustedProxies
        self.admin = admin
        self.redis = redis
        self.dataDirectory = dataDirectory
        self.idempotency = idempotency
        self.retention = retention
        self.maxPending = maxPending
        self.limits = limits
        self.log = log
        self.sources = sources
        self.destinations = destinations
        self.routes = routes
    }
}

extension GatewayConfiguration {
    /// The operators' listener.
    package struct Admin: Sendable, Hashable {
        /// The address of health, metrics and API. Default `127.0.0.1:9090`.
        package var listen: ListenAddress
        /// The bearer token of the API. Loading refuses nil unless `listen` is a loopback address.
        package var token: Secret?

        /// Makes the settings of the operators' listener.
        package init(listen: ListenAddress = .defaultAdmin, token: Secret? = nil) {
            self.listen = listen
            self.token = token
        }
    }

    /// How long the id of an event is remembered.
    package struct Idempotency: Sendable, Hashable {
        /// The lifetime of a claim after the last sighting of its id, 1 minute to 90 days. Default 24 hours.
        package var window: Duration

        /// Makes the settings of the claim.
        package init(window: Duration = .seconds(24 * 3600)) {
            self.window = window
        }
    }

    /// How long, and how many, finished events can still be looked up and replayed; whichever ends first.
    package struct Retention: Sendable, Hashable {
        /// The time that a finished event is kept, 1 minute to 90 days. Default 24 hours.
        package var time: Duration
        /// The number of finished events that are kept, 0 to 10,000,000. Default 100,000.
        package var events: Int

        /// Makes the bounds of the history.
        package init(time: Duration = .seconds(24 * 3600), events: Int = 100_000) {
            self.time = time
            self.events = events
        }
    }

    /// The bounds of the front door.
    package struct Limits: Sendable, Hashable {
        /// The largest body in bytes, 1 KiB to 16 MiB. Default 1 MiB.
        package var body: Int
        /// The number of connections open at the same time, 1 to 1,000,000. Default 10,000.
        package var connections: Int
        /// The number of connections that one address may have open, 1 to 1,000,000, and of requests under way that
        /// one client behind a trusted proxy may have. Of IPv6 addresses the /64 counts. Default 1,000.
        package var connectionsPerAddress: Int
        /// The time a sender has for one whole request, 100 ms to 5 minutes. Default 10 seconds.
        package var requestTimeout: Duration
        /// How long a connection may stay open between two requests, 1 second to 1 hour. Default 75 seconds.
        package var idleTimeout: Duration

        /// Makes the bounds of the front door.
        package init(
            body: Int = 1 << 20, connections: Int = 10_000, connectionsPerAddress: Int = 1000,
            requestTimeout: Duration = .seconds(10), idleTimeout: Duration = .seconds(75)
        ) {
            self.body = body
            self.connections = connections
            self.connectionsPerAddress = connectionsPerAddress
            self.requestTimeout = requestTimeout
            self.idleTimeout = idleTimeout
        }
    }

    /// The form and the threshold of the log, which goes to standard error.
    package struct Log: Sendable, Hashable {
        /// The form of a log line.
        package enum Format: String, Sendable, CaseIterable {
            /// One JSON object a line, for programs. The default.
            case json
            /// Plain words, for people.
            case text
        }

        /// The least severe level that is written, in the names and the order of swift-log.
        package enum Level: String, Sendable, CaseIterable {
            /// The levels, the most talkative first.
            case trace, debug, info, notice, warning, error, critical
        }

        /// The form of a log line. Default `json`.
        package var format: Format
        /// The least severe level that is written. Default `info`.
        package var level: Level

        /// Makes the settings of the log.
        package init(format: Format = .json, level: Level = .info) {
            self.format = format
            self.level = level
        }
    }
}
