/// The configuration of a gateway, as a test needs it.
struct Setup: Sendable {
    /// A destination: its name, where it is and what else is said of it.
    struct Destination: Sendable {
        let name: String
        let url: String
        /// YAML fields, as in `timeout: 500ms, payload: raw`.
        let options: String

        init(_ name: String, _ service: RecordingService, _ options: String = "") {
            self.init(name, url: service.url, options)
        }

        init(_ name: String, url: String, _ options: String = "") {
            self.name = name
            self.url = url
            self.options = options
        }
    }

    /// Nil for the redis-server that Oncegate runs itself.
    var redis: PrivateRedis?
    var destinations: [Destination]
    /// Flow mappings; where it is empty, every event goes to every destination.
    var routes: [String] = []
    /// Further lines at the top of the file.
    var extra = ""
    /// The retry policy of destinations that do not say otherwise: three attempts, quickly.
    var retry = "{ schedule: [100ms, 100ms], jitter: 0 }"

    func yaml(dataDirectory: String) -> String {
        var lines = [
            "listen: 127.0.0.1:0", "admin: { listen: 127.0.0.1:0 }", #"data_dir: "\#(dataDirectory)""#,
        ]
        if let redis { lines.append(#"redis: { url: "\#(redis.url)" }"#) }
        if !extra.isEmpty { lines.append(extra) }
        lines += [
            "sources:", #"  clerk: { path: \#(GatewayProcess.path), secrets: ["\#(SignedEvent.secret)"] }"#,
            "destinations:",
        ]
        for destination in destinations {
            var fields = [#"url: "\#(destination.url)""#]
            if !destination.options.isEmpty { fields.append(destination.options) }
            if !destination.options.contains("retry:") { fields.append("retry: \(retry)") }
            lines.append("  \(destination.name): { \(fields.joined(separator: ", ")) }")
        }
        let names = destinations.map(\.name).joined(separator: ", ")
        lines.append("routes:")
        lines += (routes.isEmpty ? [#"{ events: ["**"], to: [\#(names)] }"#] : routes).map { "  - \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }
}
