import Webhooks

/// The Redis that the gateway is to use instead of one of its own.
package struct RedisSettings: Sendable, Hashable {
    /// The address with its credentials: `redis://`, `rediss://` or `unix://`. Only the beginning is checked here.
    package var url: Secret
    /// The beginning of every key, 1 to 64 letters, digits, `-`, `_` and `.`. Default `og`.
    package var prefix: String
    /// Whether to start although the server may evict keys, and with them claims. Default false.
    package var allowEviction: Bool

    /// The prefix where none is given, also that of the embedded Redis.
    package static let defaultPrefix = "og"

    /// Makes the settings of a Redis server.
    package init(url: Secret, prefix: String = defaultPrefix, allowEviction: Bool = false) {
        self.url = url
        self.prefix = prefix
        self.allowEviction = allowEviction
    }
}
