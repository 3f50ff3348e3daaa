import NIOCore
import Redis

/// The record of events, claims and deliveries in Redis, and the only code that changes it.
///
/// Each change of state is one Lua script (`Scripts/`), so that a crash at any instant leaves it done or not done. Time
/// is Redis' own clock, so that processes whose clocks differ agree.
package struct Ledger: Sendable {
    /// The scripts that a connection must know before a ledger uses it.
    package static let scripts = [Scripts.claim, Scripts.lease, Scripts.settle, Scripts.trim, Scripts.backlog]

    let connection: RedisConnection
    let keyspace: Keyspace

    /// Makes a ledger that works over one connection.
    ///
    /// Ledgers are cheap: an event loop that wants no thread hop has one of its own, over a connection of its own.
    package init(connection: RedisConnection, keyspace: Keyspace) {
        self.connection = connection
        self.keyspace = keyspace
    }
}

/// The Lua scripts, embedded in the program.
enum Scripts {
    static let claim = RedisScript(name: "claim", source: text(PackageResources.claim_lua))
    static let lease = RedisScript(name: "lease", source: text(PackageResources.lease_lua))
    static let settle = RedisScript(name: "settle", source: history + text(PackageResources.settle_lua))
    static let trim = RedisScript(name: "trim", source: history + text(PackageResources.trim_lua))
    static let backlog = RedisScript(name: "backlog", source: text(PackageResources.backlog_lua))

    /// What two of the scripts begin with: Redis has no place for functions that scripts share.
    private static let history = text(PackageResources.history_lua)

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}

/// A reply that a script of this program cannot have given.
package struct LedgerError: Error, CustomStringConvertible {
    /// The script whose reply was not understood.
    package let script: String

    /// A message for the operator.
    package var description: String {
        "unexpected reply from the script \(script): do several versions of Oncegate share this Redis and prefix?"
    }
}
