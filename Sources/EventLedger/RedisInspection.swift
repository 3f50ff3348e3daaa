import Redis

/// What a Redis must be like to be the system of record, and whether this one is.
package struct RedisInspection: Sendable, Equatable {
    /// Something about the server that an operator should know.
    package enum Finding: Sendable, Equatable {
        /// It may evict keys, and claims with them: the same event would then be delivered again.
        case evicts(policy: String)
        /// It is a replica and takes no writes.
        case isReplica
        /// Its version is too old for the scripts.
        case tooOld(version: String)
        /// What it has accepted is gone when it stops: it writes no append-only file.
        case notDurable
        /// It does not let this user ask.
        case cannotTell(command: String)
    }

    /// What was found, nothing where all is well.
    package let findings: [Finding]

    /// The oldest version that has what the scripts use.
    package static let oldestVersion = [6, 2]

    /// Judges the server's own words.
    /// - Parameters:
    ///   - info: the reply to `INFO`, or nil where it is forbidden. It says the same as the settings, too, and decides
    ///     where those may not be asked for, as with most hosted Redis.
    ///   - evictionPolicy: the value of `maxmemory-policy`, or nil where `CONFIG` is forbidden.
    ///   - appendOnly: the value of `appendonly`, likewise.
    package init(info: String?, evictionPolicy: String?, appendOnly: String?) {
        var findings: [Finding] = []
        let fields = info.map(Self.fields) ?? [:]
        let evictionPolicy = evictionPolicy ?? fields["maxmemory_policy"].map(String.init)
        let appendOnly = appendOnly ?? fields["aof_enabled"].map { $0 == "0" ? "no" : "yes" }
        if info != nil {
            if fields["role"] == "slave" { findings.append(.isReplica) }
            if let version = fields["redis_version"], Self.isTooOld(version) {
                findings.append(.tooOld(version: String(version)))
            }
        } else {
            findings.append(.cannotTell(command: "INFO"))
        }
        if let evictionPolicy, evictionPolicy != "noeviction" { findings.append(.evicts(policy: evictionPolicy)) }
        if appendOnly == "no" { findings.append(.notDurable) }
        if evictionPolicy == nil || appendOnly == nil { findings.append(.cannotTell(command: "CONFIG GET")) }
        self.findings = findings
    }

    /// The fields of a reply to `INFO` (https://redis.io/docs/latest/commands/info/); the headings are left out.
    package static func fields(of info: String) -> [Substring: Substring] {
        var fields: [Substring: Substring] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
        return fields
    }

    private static func isTooOld(_ version: Substring) -> Bool {
        let numbers = version.split(separator: ".").prefix(2).map { Int($0) ?? 0 }
        return numbers.lexicographicallyPrecedes(oldestVersion)
    }
}

extension Ledger {
    /// Asks the server what it is like.
    /// - Throws: ``RedisError`` where it is away; a command that is forbidden is a finding.
    package func inspect() async throws -> RedisInspection {
        RedisInspection(
            info: try await reply(to: ["INFO"])?.string,
            evictionPolicy: try await setting("maxmemory-policy"), appendOnly: try await setting("appendonly"))
    }

    /// Whether the server answers now.
    /// - Throws: ``RedisError`` where it does not.
    package func ping() async throws {
        _ = try await connection.send(["PING"]) as RedisValue
    }

    /// The time of Redis' clock, by which everything here is dated, in milliseconds since 1970.
    /// - Throws: ``RedisError`` where it is away.
    package func time() async throws -> Int64 {
        let parts = (try await connection.send(["TIME"]) as RedisValue).array?.compactMap(\.integer) ?? []
        guard parts.count == 2 else { throw LedgerError(script: "TIME") }
        return parts[0] * 1000 + parts[1] / 1000
    }

    private func setting(_ name: String) async throws -> String? {
        guard let pair = try await reply(to: ["CONFIG", "GET", .string(name)])?.array, pair.count == 2 else {
            return nil
        }
        return pair[1].string
    }

    /// The reply to a command, or nil where the server refuses it.
    private func reply(to command: [RedisArgument]) async throws -> RedisValue? {
        do throws(RedisError) {
            return try await connection.send(command) as RedisValue
        } catch {
            guard case .server = error.code, !error.isRetryable else { throw error }
            return nil
        }
    }
}
