import NIOCore
import Redis

/// The record of events, claims and deliveries in Redis, and the only code that changes it.
///
/// Each change of state is one Lua script (`Scripts/`), so that a crash at any instant leaves it done or not done. Time
/// is Redis' own clock, so that processes whose clocks differ agree.
package struct Ledger: Sendable {
    /// The scripts that a connection must know before a ledger uses it.
    package static let scripts = Scripts.all

    let connection: RedisConnection
    let keyspace: Keyspace
    let claims: NIOLoopBoundBox<ClaimQueue>

    /// Makes a ledger that works over one connection.
    ///
    /// Ledgers are cheap: an event loop that wants no thread hop has one of its own, over a connection of its own.
    package init(connection: RedisConnection, keyspace: Keyspace) {
        self.connection = connection
        self.keyspace = keyspace
        claims = .makeBoxSendingValue(ClaimQueue(), eventLoop: connection.eventLoop)
    }

    /// The loop of the connection, on which futures complete.
    package var eventLoop: any EventLoop { connection.eventLoop }

    /// Calls a script whose reply is a list.
    func list(_ script: RedisScript, keys: [String], arguments: [RedisArgument]) async throws -> [RedisValue] {
        let reply =
            try await connection.evaluate(script, keys: keys.map { .string($0) }, arguments: arguments)
            as RedisValue
        guard case .array(let items) = reply else { throw LedgerError(script: script.name) }
        return items
    }

    /// Calls a script whose reply is a list, and goes on before the reply comes: calls on one connection are carried out
    /// in their order.
    func list<Value: Sendable>(
        _ script: RedisScript, keys: [RedisArgument], arguments: [RedisArgument],
        read: @escaping @Sendable ([RedisValue]) throws -> Value
    ) -> EventLoopFuture<Value> {
        connection.evaluate(script, keys: keys, arguments: arguments).flatMapThrowing { reply in
            guard case .array(let items) = reply else { throw LedgerError(script: script.name) }
            return try read(items)
        }
    }

    /// Calls a script whose reply is a number.
    func number(_ script: RedisScript, keys: [String], arguments: [RedisArgument]) async throws -> Int {
        let reply =
            try await connection.evaluate(script, keys: keys.map { .string($0) }, arguments: arguments)
            as RedisValue
        guard let number = reply.integer else { throw LedgerError(script: script.name) }
        return Int(number)
    }
}

/// The Lua scripts, embedded in the program.
enum Scripts {
    static let claim = script("claim", queue, PackageResources.claim_lua)
    static let lease = script("lease", queue, record, PackageResources.lease_lua)
    static let settle = script("settle", queue, record, history, PackageResources.settle_lua)
    static let trim = script("trim", queue, history, PackageResources.trim_lua)
    static let backlog = script("backlog", queue, PackageResources.backlog_lua)
    static let requeue = script("requeue", queue, record, PackageResources.requeue_lua)
    static let forget = script("forget", PackageResources.forget_lua)
    static let events = script("events", PackageResources.events_lua)
    static let event = script("event", PackageResources.event_lua)
    static let deliveries = script("deliveries", PackageResources.deliveries_lua)

    static let all = [claim, lease, settle, trim, backlog, requeue, forget, events, event, deliveries]

    // What scripts share is put before them: Redis has no place for it.
    private static let queue = PackageResources.queue_lua
    private static let record = PackageResources.record_lua
    private static let history = PackageResources.history_lua

    private static func script(_ name: String, _ parts: [UInt8]...) -> RedisScript {
        RedisScript(name: name, source: String(decoding: parts.joined(), as: UTF8.self))
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
