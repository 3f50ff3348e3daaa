import EventLedger
import Redis

/// The CPU time of a Redis, as it counts it itself: it need not run on this machine.
enum RedisTime {
    /// How long Redis has to answer: a gateway can have opened its door before its embedded Redis has started.
    static let patience = Duration.seconds(10)

    /// User and system time so far, in microseconds, with that of the children that rewrite its files and have ended.
    /// - Throws: `RedisError` where it does not answer, or `INFO` is forbidden; `CommandError` where it does not say.
    static func microseconds(of endpoint: RedisEndpoint) async throws -> Double {
        let reply = try await RedisConnection.briefly(to: endpoint, patience: patience) { connection in
            try await connection.send(["INFO", "cpu"]) as RedisValue
        }
        let fields = RedisInspection.fields(of: reply.string ?? "")
        let names = ["used_cpu_sys", "used_cpu_user", "used_cpu_sys_children", "used_cpu_user_children"]
        let seconds = names.compactMap { fields[$0[...]].flatMap { Double($0) } }
        guard seconds.count == names.count else { throw CommandError("INFO does not tell of it") }
        return seconds.reduce(0, +) * 1_000_000
    }
}
