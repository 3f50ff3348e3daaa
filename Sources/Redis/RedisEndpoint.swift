/// Where a Redis is, and how to log in to it.
///
/// Neither `description` nor a dump of the value shows the user name or the password.
package struct RedisEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// The way to the server.
    enum Transport: Sendable, Hashable {
        case tcp(host: String, port: Int, tls: Bool)
        case unix(path: String)
    }

    /// What `AUTH` is sent with.
    struct Credentials: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        /// Nil for the default user.
        let user: String?
        let password: String

        var description: String { "(hidden)" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    let transport: Transport
    let credentials: Credentials?
    let database: Int

    /// The port of a URL without one.
    static let defaultPort = 6379

    /// The longest path of a Unix socket in bytes: `sun_path` has 108, the last of them a zero (unix(7)).
    package static let maximumSocketPathLength = 107

    init(transport: Transport, credentials: Credentials? = nil, database: Int = 0) {
        self.transport = transport
        self.credentials = credentials
        self.database = database
    }

    /// Reads `redis://[[user]:password@]host[:port][/db]`, `rediss://…` (TLS with full verification) or
    /// `unix:///path[?db=N&user=…&password=…]`.
    ///
    /// User name, password, host and path may be percent-encoded. `?db=N` is understood with every scheme.
    ///
    /// - Throws: A ``RedisURLError`` that says what to change and repeats nothing of the URL.
    package init(url: String) throws(RedisURLError) {
        self = try RedisURLParser(url).endpoint()
    }

    /// Makes the endpoint of a Redis that listens on a Unix socket, without log-in, database 0.
    ///
    /// - Throws: A ``RedisURLError`` where the path is empty or longer than ``maximumSocketPathLength``.
    package static func unix(path: String) throws(RedisURLError) -> RedisEndpoint {
        guard !path.isEmpty else { throw RedisURLError(.missingPath) }
        guard path.utf8.count <= maximumSocketPathLength else { throw RedisURLError(.pathTooLong) }
        return RedisEndpoint(transport: .unix(path: path))
    }

    /// The endpoint as a URL without user name and password.
    package var description: String {
        switch transport {
        case .tcp(let host, let port, let tls):
            let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
            return "\(tls ? "rediss" : "redis")://\(shown):\(port)/\(database)"
        case .unix(let path):
            return database == 0 ? "unix://\(path)" : "unix://\(path)?db=\(database)"
        }
    }
}
