import Webhooks

extension Reading {
    private static let destinationKeys = [
        "url", "headers", "payload", "signing_secret", "timeout", "concurrency", "rate_limit", "retry", "on_unknown",
        "skip_stale", "breaker", "ordering", "max_pending", "tls",
    ]
    private static let destinationExample = "{ url: \"http://email:3000/events\" }"

    /// The destinations, and the names of all that were written, unusable ones too.
    func destinations(_ top: Fields) -> (destinations: [Destination], names: [String]) {
        let example = "email: \(Self.destinationExample)"
        guard let entry = top.entry("destinations") else {
            top.problem(
                top.place(of: "destinations"),
                "no destinations; expected at least one, such as `destinations: { \(example) }`")
            return ([], [])
        }
        guard let entries = entries(entry.value, name: "`destinations`", example: example) else { return ([], []) }
        if entries.isEmpty {
            report.problem(entry.value.place, "`destinations` is empty; expected at least one, such as `\(example)`")
        }
        let named = entries.filter { isName($0, what: "destination") }
        return (named.compactMap { destination($0) }, entries.map(\.key))
    }

    private func destination(_ entry: YAMLNode.Entry) -> Destination? {
        let name = "the destination `\(entry.key)`"
        guard !entry.value.isNull else {
            report.problem(entry.keyPlace, "\(name) is empty; expected `\(Self.destinationExample)`")
            return nil
        }
        guard
            let fields = Fields(
                entry.value, name: name, keys: Self.destinationKeys, example: Self.destinationExample, reading: self)
        else { return nil }
        var destination = Destination(name: entry.key, url: "")
        let url = url(fields)
        destination.headers = headers(fields)
        destination.signingSecret = destinationSigningKey(fields)
        destination.rateLimit = rateLimit(fields)
        destination.retry = retry(fields)
        destination.breaker = breaker(fields)
        destination.tls = destinationTLS(fields, url: url)
        readChoices(fields, into: &destination)
        guard let url else { return nil }
        destination.url = url
        return destination
    }

    private func readChoices(_ fields: Fields, into destination: inout Destination) {
        if let payload = fields.choice("payload", PayloadFormat.self) { destination.payload = payload }
        let timeout = fields.duration("timeout", in: .milliseconds(100)...(.seconds(600)), example: "15s")
        if let timeout { destination.timeout = timeout }
        if let concurrency = fields.integer("concurrency", in: 1...1024, example: 32) {
            destination.concurrency = concurrency
        }
        if let onUnknown = fields.choice("on_unknown", Destination.OnUnknown.self) {
            destination.onUnknown = onUnknown
        }
        if let skipStale = fields.boolean("skip_stale") { destination.skipStale = skipStale }
        if let ordering = fields.choice("ordering", Destination.Ordering.self) { destination.ordering = ordering }
        destination.maxPending = fields.integer("max_pending", in: 1...100_000_000, example: 100_000)
    }

    private func url(_ fields: Fields) -> String? {
        guard let field = fields.text("url", example: "http://email:3000/events") else {
            if fields.entry("url") == nil {
                fields.problem(
                    fields.place(of: "url"), "\(fields.name) has no url; expected `url: http://email:3000/events`")
            }
            return nil
        }
        guard let complaint = DestinationURL.complaint(about: field.text) else { return field.text }
        // A password may stand in front of an @ even if the rest is no URL.
        let hidden = field.written.contains("@") || field.written.contains("?")
        let found =
            hidden
            ? "`url`" : field.wasReplaced ? "`url`, taken from \(field.shown)," : "`url` is \(field.shown), which"
        report.problem(field.place, "\(found) \(complaint); expected for example `http://email:3000/events`")
        return nil
    }

    /// The key to sign requests with; a text that is empty after replacement counts as absent.
    private func destinationSigningKey(_ fields: Fields) -> SigningKey? {
        guard let field = fields.text("signing_secret", example: "${EMAIL_SIGNING_SECRET:-}"), !field.text.isEmpty
        else { return nil }
        return signingKey(field, name: "`signing_secret`")
    }

    private func rateLimit(_ fields: Fields) -> RateLimit? {
        let limit = fields.value("rate_limit", expected: Expected.rate, example: "100/s") { RateLimit($0) }
        if let limit, limit.count == 0, let entry = fields.entry("rate_limit") {
            report.warning(
                entry.value.place, "a rate of 0 sends nothing to \(fields.name); for no limit leave `rate_limit` out")
        }
        return limit
    }

    private func breaker(_ fields: Fields) -> Destination.Breaker {
        var breaker = Destination.Breaker()
        guard let entry = fields.entry("breaker"),
            let fields = Fields(
                entry.value, name: "`breaker`", keys: ["failures", "probe", "probe_max"],
                example: "breaker: { failures: 20, probe: 10s, probe_max: 5m }", reading: self)
        else { return breaker }
        if let failures = fields.integer("failures", in: 1...1_000_000, example: 20) { breaker.failures = failures }
        if let probe = fields.duration("probe", in: .milliseconds(100)...(.seconds(3600)), example: "10s") {
            breaker.probe = probe
        }
        if let longest = fields.duration("probe_max", in: .milliseconds(100)...(.seconds(86_400)), example: "5m") {
            breaker.probeMax = longest
        }
        if breaker.probeMax < breaker.probe {
            let place = fields.entry("probe_max")?.value.place ?? fields.entry("probe")?.value.place ?? fields.place
            report.problem(
                place,
                "`probe_max` (\(DurationText.format(breaker.probeMax)) where it is left out) is shorter "
                    + "than `probe`; expected at least as long, such as `probe: 10s, probe_max: 5m`")
        }
        return breaker
    }
}
