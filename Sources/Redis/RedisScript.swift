/// A Lua script that runs inside Redis.
///
/// It is loaded whenever a connection is made and called by its digest. A Redis that has lost it in the meantime
/// (`SCRIPT FLUSH`, a failover) is sent the source once more, without the caller noticing.
package struct RedisScript: Sendable, Hashable {
    /// A name for logs, unique among the scripts of one connection.
    package let name: String

    /// The Lua source.
    package let source: String

    /// Makes a script.
    package init(name: String, source: String) {
        self.name = name
        self.source = source
    }

    /// Hashes the name alone: it tells scripts apart, and the source can be long.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}
