import Webhooks

extension GatewayConfiguration {
    /// The largest file in bytes that can be loaded: 1 MiB.
    package static let maximumFileBytes = YAMLDocument.maximumBytes

    /// Reads a configuration and finds everything that is wrong with it in one go.
    ///
    /// `${NAME}`, `${NAME:-default}` and `${file:PATH}` are replaced inside of values after parsing, so that no value
    /// changes the structure; keys are not replaced. `$${` stands for a plain `${`.
    ///
    /// - Parameters:
    ///   - yaml: The text of the file, one YAML document.
    ///   - file: The name of the file for messages.
    ///   - environment: The variables that `${NAME}` finds.
    ///   - readFile: Reads the file of a `${file:PATH}`. What it throws is shown in a message: it must name the
    ///     reason and never the contents.
    ///   - tlsComplaint: Says what keeps a certificate from being used, in a few words that hold nothing of a key; nil
    ///     where nothing does.
    /// - Returns: The configuration and its warnings, or all problems, in the order of the file.
    package static func load(
        yaml: String, file: String, environment: [String: String], readFile: (String) throws -> String,
        tlsComplaint: @escaping (TLSMaterial) -> String? = { _ in nil }
    ) -> Result<Loaded, Problems> {
        withoutActuallyEscaping(readFile) { readFile in
            let report = Report(file: file)
            let reading = Reading(
                report: report, expansion: Expansion(environment: environment, readFile: readFile),
                tlsComplaint: tlsComplaint)
            let configuration = YAMLDocument(yaml: yaml, report: report).root.flatMap { reading.configuration($0) }
            let problems = report.sortedProblems
            guard let configuration, problems.isEmpty else {
                return .failure(Problems(problems, warnings: report.sortedWarnings))
            }
            return .success(Loaded(configuration: configuration, warnings: report.sortedWarnings))
        }
    }

    /// Reads a configuration from the bytes of a file, which must be UTF-8 and at most `maximumFileBytes`.
    package static func load(
        bytes: [UInt8], file: String, environment: [String: String], readFile: (String) throws -> String,
        tlsComplaint: @escaping (TLSMaterial) -> String? = { _ in nil }
    ) -> Result<Loaded, Problems> {
        let complaint =
            bytes.count > maximumFileBytes
            ? "the file is larger than 1MiB (\(maximumFileBytes) bytes); a configuration is much smaller"
            : "the file is not UTF-8; save it in that encoding"
        guard bytes.count <= maximumFileBytes, let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(Problems([Problem(file: file, line: 1, column: 1, message: complaint)]))
        }
        return load(
            yaml: text, file: file, environment: environment, readFile: readFile, tlsComplaint: tlsComplaint)
    }
}

extension Reading {
    private static let topKeys = [
        "listen", "tls", "trusted_proxies", "admin", "redis", "data_dir", "idempotency", "retention", "max_pending",
        "limits", "log", "sources",
        "destinations", "routes",
    ]

    /// The whole configuration; nil if the document is no mapping. Problems are in the report.
    func configuration(_ root: YAMLNode) -> GatewayConfiguration? {
        guard
            let top = Fields(
                root, name: "the configuration", keys: Self.topKeys, example: "listen: 0.0.0.0:8080", reading: self)
        else { return nil }
        let (sources, sourceNames) = sources(top)
        let (destinations, destinationNames) = destinations(top)
        let routes = routes(top, names: Names(sources: sourceNames, destinations: destinationNames))
        let configuration = GatewayConfiguration(
            listen: listenAddress(top, default: .defaultFrontDoor),
            tls: doorIdentity(top),
            trustedProxies: addressRanges("trusted_proxies", of: top, example: "10.0.0.0/8") ?? [],
            admin: admin(top),
            redis: redis(top),
            dataDirectory: dataDirectory(top),
            idempotency: idempotency(top),
            retention: retention(top),
            maxPending: top.integer("max_pending", in: 1...100_000_000, example: 1_000_000) ?? 1_000_000,
            limits: limits(top),
            log: log(top),
            sources: sources,
            destinations: destinations,
            routes: routes
        )
        checkListeners(configuration, top)
        warnOfUnused(configuration, top)
        return configuration
    }

    private func checkListeners(_ configuration: GatewayConfiguration, _ top: Fields) {
        let (door, admin) = (configuration.listen, configuration.admin.listen)
        guard door.collides(with: admin) else { return }
        let place = top.entry("admin")?.value.place ?? top.entry("listen")?.value.place ?? top.place
        report.problem(
            place,
            "`listen` and `admin.listen` share port \(door.port); "
                + "expected two ports, such as `0.0.0.0:8080` and `127.0.0.1:9090`")
    }

    private func warnOfUnused(_ configuration: GatewayConfiguration, _ top: Fields) {
        let used = Set(configuration.routes.flatMap(\.destinations))
        let entries = { (key: String) -> [YAMLNode.Entry] in
            guard case .mapping(let entries) = top.entry(key)?.value.content else { return [] }
            return entries
        }
        for entry in entries("destinations") where !used.contains(entry.key) {
            report.warning(entry.keyPlace, "no route uses the destination \(Quoted.text(entry.key))")
        }
        let routes = configuration.routes
        for entry in entries("sources") where !routes.contains(where: { $0.source == nil || $0.source == entry.key }) {
            report.warning(
                entry.keyPlace, "no route takes events of the source \(Quoted.text(entry.key)); all are ignored")
        }
    }
}
