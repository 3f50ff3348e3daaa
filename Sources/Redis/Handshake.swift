/// What is said to Redis on a new connection before it is used, and what the answers mean.
///
/// All of it goes out at once; `PING` comes last, and its answer says whether this Redis does work: while it loads its
/// data, it answers `LOADING` to that.
struct Handshake: Sendable {
    /// One command of the handshake.
    enum Step: Sendable, Equatable {
        case authenticate
        case selectDatabase
        case setClientName
        /// The script with this index.
        case loadScript(Int)
        case ping
    }

    /// What follows from an answer.
    enum Verdict: Equatable {
        case proceed
        case ready
        case failed(RedisError)
    }

    /// The name under which `CLIENT LIST` shows the connection.
    static let clientName = "oncegate"

    /// The commands, in order.
    let commands: [(step: Step, command: [RedisArgument])]

    /// For each script the digest to call it by; nil while unknown, or where Redis would not load it.
    private(set) var digests: [RedisArgument?]

    /// The last error that was passed over; it explains a connection that ends during the handshake.
    private(set) var complaint: RedisServerError?

    init(endpoint: RedisEndpoint, scripts: [RedisScript]) {
        var commands: [(step: Step, command: [RedisArgument])] = []
        if let credentials = endpoint.credentials {
            let user = credentials.user.map { [RedisArgument.string($0)] } ?? []
            commands.append((.authenticate, ["AUTH"] + user + [.string(credentials.password)]))
        }
        if endpoint.database != 0 {
            commands.append((.selectDatabase, ["SELECT", .integer(endpoint.database)]))
        }
        commands.append((.setClientName, ["CLIENT", "SETNAME", .string(Self.clientName)]))
        for (index, script) in scripts.enumerated() {
            commands.append((.loadScript(index), ["SCRIPT", "LOAD", .string(script.source)]))
        }
        commands.append((.ping, ["PING"]))
        self.commands = commands
        digests = Array(repeating: nil, count: scripts.count)
    }

    /// Takes the answer to a step.
    mutating func received(_ value: RedisValue, for step: Step) -> Verdict {
        if case .error(let error) = value {
            return received(error, for: step)
        }
        switch step {
        case .loadScript(let index):
            if let digest = value.bytes { digests[index] = .bytes(digest) }
            return .proceed
        case .ping:
            return .ready
        case .authenticate, .selectDatabase, .setClientName:
            return .proceed
        }
    }

    private mutating func received(_ error: RedisServerError, for step: Step) -> Verdict {
        switch (step, error.prefix) {
        case (.ping, "MISCONF"), (.ping, "NOPERM"):
            // The first says that Redis cannot write to its disk, which is for each command to find out; the second
            // that this user may not ask.
            return .ready
        case (.authenticate, _):
            return .failed(Self.notConnected("Redis refused the user name or password", error))
        case (.selectDatabase, _):
            return .failed(Self.notConnected("Redis refused the database number", error))
        case (.ping, _), (_, "LOADING"), (_, "NOAUTH"):
            return .failed(Self.notConnected("Redis is not ready", error))
        case (.setClientName, _), (.loadScript, _):
            // A name is a convenience, and a script that was not loaded is sent in full with each call.
            complaint = error
            return .proceed
        }
    }

    private static func notConnected(_ what: String, _ error: RedisServerError) -> RedisError {
        RedisError(code: .notConnected, message: "\(what): \(error)")
    }
}
