import Webhooks

extension Reading {
    func listenAddress(_ fields: Fields, default address: ListenAddress) -> ListenAddress {
        fields.value(
            "listen", expected: "host and port such as `\(address)` or `[::1]:\(address.port)`",
            example: address.description
        ) { ListenAddress($0) } ?? address
    }

    func admin(_ top: Fields) -> GatewayConfiguration.Admin {
        var admin = GatewayConfiguration.Admin()
        guard let entry = top.entry("admin"),
            let fields = Fields(
                entry.value, name: "`admin`", keys: ["listen", "token"],
                example: "admin: { listen: \"127.0.0.1:9090\", token: \"${ONCEGATE_ADMIN_TOKEN:-}\" }", reading: self)
        else { return admin }
        admin.listen = listenAddress(fields, default: .defaultAdmin)
        let token = fields.text("token", example: "${ONCEGATE_ADMIN_TOKEN:-}")
        admin.token = token.flatMap { adminToken($0) }
        // A token that could not be read has been reported, and may be meant well.
        let isMissing = token?.text.isEmpty ?? (fields.entry("token") == nil)
        if !admin.listen.isLoopback, isMissing {
            report.problem(
                token?.place ?? fields.entry("listen")?.value.place ?? fields.place,
                "`admin.listen` is open to more than this machine and `admin.token` is empty; "
                    + "expected `token: ${ONCEGATE_ADMIN_TOKEN}`, or `listen: 127.0.0.1:9090`")
        }
        return admin
    }

    /// The shortest token in bytes that gives no warning.
    private static let shortToken = 16

    /// The token of a text; an empty one counts as absent.
    private func adminToken(_ field: FieldText) -> Secret? {
        guard !field.text.isEmpty else { return nil }
        // RFC 6750, section 2.1, allows less; what counts is that it fits into one header.
        guard field.text.utf8.allSatisfy(ASCII.isVisible), field.text.utf8.count <= 1024 else {
            report.problem(
                field.place,
                "`token`\(field.origin) has characters that a header cannot hold, or more than 1024; "
                    + "expected letters and digits, such as `openssl rand -hex 32` prints them")
            return nil
        }
        if field.text.utf8.count < Self.shortToken {
            report.warning(
                field.place,
                "`token`\(field.origin) is shorter than \(Self.shortToken) characters; `openssl rand -hex 32` makes one"
            )
        }
        return Secret(field.text)
    }

    func redis(_ top: Fields) -> RedisSettings? {
        let example = "redis: { url: \"${REDIS_URL}\" }"
        let hint = "expected `\(example)`, or no `redis:` at all for a Redis that Oncegate runs itself"
        guard let entry = top.entry("redis") else {
            // `redis:` with nothing behind it reads like a Redis of one's own, which it would not be.
            if top.has("redis") { report.problem(top.place(of: "redis"), "`redis` is empty; \(hint)") }
            return nil
        }
        guard
            let fields = Fields(
                entry.value, name: "`redis`", keys: ["url", "prefix", "allow_eviction"], example: example,
                reading: self)
        else { return nil }
        let prefix = fields.value(
            "prefix", expected: "1 to 64 letters, digits, `-`, `_` and `.`, such as `og`", example: "og"
        ) { Self.isPrefix($0) ? $0 : nil }
        let allowEviction = fields.boolean("allow_eviction")
        guard let url = redisURL(fields, hint: hint) else { return nil }
        return RedisSettings(
            url: url, prefix: prefix ?? RedisSettings.defaultPrefix, allowEviction: allowEviction ?? false)
    }

    private func redisURL(_ fields: Fields, hint: String) -> Secret? {
        guard fields.entry("url") != nil else {
            fields.problem(fields.place(of: "url"), "`redis` has no url; \(hint)")
            return nil
        }
        guard let field = fields.text("url", example: "${REDIS_URL}") else { return nil }
        guard !field.text.isEmpty else {
            report.problem(field.place, "`redis.url`\(field.origin) is empty; \(hint)")
            return nil
        }
        let known = ["redis://", "rediss://", "unix://"]
        guard known.contains(where: { field.text.hasPrefix($0) && field.text != $0 }),
            field.text.utf8.allSatisfy(ASCII.isVisible)
        else {
            report.problem(
                field.place,
                "`redis.url`\(field.origin) is unusable; expected `redis://[user:pass@]host:port/db`, "
                    + "`rediss://…` or `unix:///path[?db=N]`")
            return nil
        }
        return Secret(field.text)
    }

    private static func isPrefix(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { ASCII.isLetterOrDigit($0) || "-_.".utf8.contains($0) }
    }

    func limits(_ top: Fields) -> GatewayConfiguration.Limits {
        var limits = GatewayConfiguration.Limits()
        guard let entry = top.entry("limits"),
            let fields = Fields(
                entry.value, name: "`limits`",
                keys: ["body", "connections", "connections_per_address", "request_timeout", "idle_timeout"],
                example: "limits: { body: 1MiB, connections: 10000, request_timeout: 10s }", reading: self)
        else { return limits }
        let body = fields.value(
            "body", in: 1024...(16 << 20), expected: Expected.size, example: "1MiB", format: SizeText.format,
            parse: SizeText.parse)
        if let body { limits.body = body }
        if let connections = fields.integer("connections", in: 1...1_000_000, example: 10_000) {
            limits.connections = connections
        }
        if let connections = fields.integer("connections_per_address", in: 1...1_000_000, example: 1000) {
            limits.connectionsPerAddress = connections
        }
        if let timeout = fields.duration(
            "request_timeout", in: .milliseconds(100)...(.seconds(300)), example: "10s")
        {
            limits.requestTimeout = timeout
        }
        if let timeout = fields.duration("idle_timeout", in: .seconds(1)...(.seconds(3600)), example: "75s") {
            limits.idleTimeout = timeout
        }
        return limits
    }

    func idempotency(_ top: Fields) -> GatewayConfiguration.Idempotency {
        guard let entry = top.entry("idempotency"),
            let fields = Fields(
                entry.value, name: "`idempotency`", keys: ["window"], example: "idempotency: { window: 24h }",
                reading: self),
            let window = fields.duration("window", in: Self.memory, example: "24h")
        else { return GatewayConfiguration.Idempotency() }
        return GatewayConfiguration.Idempotency(window: window)
    }

    func retention(_ top: Fields) -> GatewayConfiguration.Retention {
        var retention = GatewayConfiguration.Retention()
        guard let entry = top.entry("retention"),
            let fields = Fields(
                entry.value, name: "`retention`", keys: ["time", "events"],
                example: "retention: { time: 24h, events: 100000 }", reading: self)
        else { return retention }
        if let time = fields.duration("time", in: Self.memory, example: "24h") { retention.time = time }
        if let events = fields.integer("events", in: 0...10_000_000, example: 100_000) { retention.events = events }
        return retention
    }

    /// How long events and their ids can be kept.
    private static let memory = Duration.seconds(60)...Duration.seconds(90 * 86_400)

    func log(_ top: Fields) -> GatewayConfiguration.Log {
        var log = GatewayConfiguration.Log()
        guard let entry = top.entry("log"),
            let fields = Fields(
                entry.value, name: "`log`", keys: ["format", "level"], example: "log: { format: json, level: info }",
                reading: self)
        else { return log }
        if let format = fields.choice("format", GatewayConfiguration.Log.Format.self) { log.format = format }
        if let level = fields.choice("level", GatewayConfiguration.Log.Level.self) { log.level = level }
        return log
    }

    func dataDirectory(_ top: Fields) -> String {
        top.value("data_dir", expected: "a folder such as `./oncegate-data`", example: "./oncegate-data") {
            $0.isEmpty || $0.utf8.contains(0) ? nil : $0
        } ?? "./oncegate-data"
    }
}
