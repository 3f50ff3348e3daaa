import Synchronization

/// Everything that `GET /metrics` tells.
///
/// Label values are names from the configuration, never ids or URLs. Handles are looked up once and then count without
/// a lock; they last as long as the process, for a counter must not go back when the configuration is loaded anew.
package final class Metrics: Sendable {
    private struct Handles: Sendable {
        var sources: [String: SourceMetrics] = [:]
        var destinations: [String: DestinationMetrics] = [:]
    }

    private let version: String
    private let handles = Mutex(Handles())
    private let acceptance = Histogram()
    private let process = ProcessFigures()

    /// - Parameter version: the version of the program, for `oncegate_build_info`.
    package init(version: String) {
        self.version = version
    }

    /// The handle of a source, the same at every call.
    /// - Parameter name: the name in the configuration; nil for requests that no source could be found for, which are
    ///   counted with an empty label.
    package func source(_ name: String?) -> SourceMetrics {
        let name = name ?? ""
        return handles.withLock { handles in
            if let known = handles.sources[name] { return known }
            let new = SourceMetrics()
            handles.sources[name] = new
            return new
        }
    }

    /// The handle of a destination, the same at every call.
    /// - Parameter name: the name in the configuration.
    package func destination(_ name: String) -> DestinationMetrics {
        handles.withLock { handles in
            if let known = handles.destinations[name] { return known }
            let new = DestinationMetrics()
            handles.destinations[name] = new
            return new
        }
    }

    /// Counts an event by the name of its source: a look-up more than ``SourceMetrics/count(_:)`` costs.
    package func event(source: String?, outcome: EventOutcome) {
        self.source(source).count(outcome)
    }

    /// Counts how long the claim of an event took.
    package func accept(_ duration: Duration) {
        acceptance.observe(duration)
    }

    /// Counts how long the claim of an event took, in seconds.
    package func accept(seconds: Double) {
        acceptance.observe(.seconds(seconds))
    }

    /// The Prometheus text, for the media type ``contentType``.
    package func text(_ gauges: Gauges) -> String {
        let (sources, destinations) = handles.withLock { handles in
            (handles.sources.sorted { $0.key < $1.key }, handles.destinations.sorted { $0.key < $1.key })
        }
        var text = PrometheusText()
        text.family("oncegate_build_info", .gauge, help: "The version of the program; the value is always 1.")
        text.sample("oncegate_build_info", [("version", version)], 1)
        text.family("oncegate_events_total", .counter, help: "Requests at the front door, by what became of them.")
        for (name, source) in sources {
            for (outcome, count) in source.outcomes.values {
                text.sample("oncegate_events_total", [("source", name), ("outcome", outcome)], count)
            }
        }
        text.family(
            "oncegate_verified_total", .counter,
            help: "Requests with a right signature, by the position of its secret in the configuration, from 0.")
        for (name, source) in sources {
            for (position, count) in source.secrets {
                text.sample("oncegate_verified_total", [("source", name), ("secret", "\(position)")], count)
            }
        }
        text.family("oncegate_accept_seconds", .histogram, help: "Time that the claim of an event took.")
        text.samples("oncegate_accept_seconds", [], acceptance)
        text.family("oncegate_deliveries_total", .counter, help: "Attempts to deliver, by what became of them.")
        for (name, destination) in destinations {
            for (outcome, count) in destination.outcomes.values {
                text.sample("oncegate_deliveries_total", [("destination", name), ("outcome", outcome)], count)
            }
        }
        text.family("oncegate_delivery_seconds", .histogram, help: "Time from the start of an attempt to its end.")
        for (name, destination) in destinations {
            text.samples("oncegate_delivery_seconds", [("destination", name)], destination.durations)
        }
        gauges.write(to: &text)
        process.write(to: &text)
        return text.text
    }

    /// The media type of ``text(_:)``.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"
}

/// The counters of one source.
package final class SourceMetrics: Sendable {
    /// The most secrets that are counted apart.
    package static let maximumSecrets = 64

    let outcomes = OutcomeCounters<EventOutcome>()
    private let verified = (0..<maximumSecrets).map { _ in Counter() }
    private let expected = BitSet64()

    /// Counts an event.
    package func count(_ outcome: EventOutcome) {
        outcomes.add(outcome)
    }

    /// Names the secrets that the source has, so that those that never match are shown too.
    /// - Parameter positions: 0 to ``maximumSecrets`` less one; others are not counted.
    package func expect(secrets positions: [Int]) {
        for position in positions where verified.indices.contains(position) { expected.insert(position) }
    }

    /// Counts a request whose signature was right.
    /// - Parameter position: the position of the secret in the configuration.
    package func verified(secret position: Int) {
        guard verified.indices.contains(position) else { return }
        verified[position].add()
    }

    /// What was counted for each secret that the source has or had, in the order of their positions.
    var secrets: [(position: Int, count: UInt64)] {
        verified.indices.filter { expected.contains($0) }.map { ($0, verified[$0].value) }
    }
}

/// The counters and the histogram of one destination. Copies count together.
package struct DestinationMetrics: Sendable {
    let outcomes = OutcomeCounters<DeliveryOutcome>()
    let durations = Histogram()

    /// Counts an attempt.
    package func count(_ outcome: DeliveryOutcome) {
        outcomes.add(outcome)
    }

    /// Counts how long an attempt took.
    package func duration(_ duration: Duration) {
        durations.observe(duration)
    }
}
