import EventLedger
import Logging

/// Looks at the Redis as soon as it answers, and refuses one that would break a guarantee.
struct StartupCheck: Sendable {
    let ledger: Ledger
    let allowsEviction: Bool
    let logger: Logger

    /// - Throws: `CommandError` where the server must not be used.
    func run() async throws {
        let inspection = try await ledger.inspect()
        for finding in inspection.findings {
            switch finding {
            case .evicts(let policy) where !allowsEviction:
                throw CommandError(
                    "this Redis may evict keys (maxmemory-policy \(policy)), and claims with them: set it to noeviction, "
                        + "or accept repeated deliveries with `redis.allow_eviction: true`")
            case .isReplica:
                throw CommandError("this Redis is a read-only replica: `redis.url` must name the primary")
            case .tooOld(let version):
                throw CommandError("this Redis is version \(version): 6.2 or later, or Valkey, is needed")
            case .evicts, .notDurable, .cannotTell:
                logger.warning("redis", metadata: ["finding": .string(finding.advice)])
            }
        }
    }
}

extension RedisInspection.Finding {
    /// What an operator should know or do.
    fileprivate var advice: String {
        switch self {
        case .evicts(let policy): "maxmemory-policy \(policy) may evict claims: an event can be delivered again"
        case .isReplica: "a read-only replica"
        case .tooOld(let version): "version \(version) is too old"
        case .notDurable: "no append-only file: events that were accepted are lost when Redis stops (appendonly yes)"
        case .cannotTell(let command): "\(command) is forbidden here: eviction and durability were not checked"
        }
    }
}
