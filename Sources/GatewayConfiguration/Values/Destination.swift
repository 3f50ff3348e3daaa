import Webhooks

/// A service that events go to, and how deliveries to it are made.
package struct Destination: Sendable {
    /// The name in routes, keys, labels and the header `oncegate-destination`: `^[a-z0-9][a-z0-9_-]{0,62}$`.
    package var name: String
    /// The absolute http or https address, without userinfo and fragment. Its query may hold a secret: to show the
    /// address use `shownURL`.
    package var url: String
    /// Further headers of every request, at most `maximumHeaders`, none that the gateway sets itself.
    package var headers: [Header]
    /// The form of the body. Default CloudEvents JSON.
    package var payload: PayloadFormat
    /// The key to sign requests with; nil leaves them unsigned.
    package var signingSecret: SigningKey?
    /// The time one attempt may take, 100 ms to 10 minutes. Default 15 seconds.
    package var timeout: Duration
    /// The number of requests in flight for each gateway process, 1 to 1024. Default 32.
    package var concurrency: Int
    /// The bound of attempts over all gateway processes; nil means none.
    package var rateLimit: RateLimit?
    /// When a failed attempt is repeated.
    package var retry: RetryPolicy
    /// What happens to an attempt whose outcome cannot be known. Default `retry`.
    package var onUnknown: OnUnknown
    /// Whether an update older than one already delivered for the same subject is left out. Default false.
    package var skipStale: Bool
    /// When the destination as a whole counts as broken, and how it is probed.
    package var breaker: Breaker
    /// Whether deliveries of one subject keep their order. Default `none`.
    package var ordering: Ordering
    /// The number of deliveries that may wait, 1 to 100,000,000; at the bound the door answers 503 to events that go
    /// here. Nil means no bound but the one of the whole gateway.
    package var maxPending: Int?
    /// How TLS connections are made; nil leaves everything to the system's authorities.
    package var tls: TLS?

    /// The most headers of one destination.
    package static let maximumHeaders = 64

    /// Makes a destination, everything that is not given at its default. Nothing is validated here.
    package init(
        name: String,
        url: String,
        headers: [Header] = [],
        payload: PayloadFormat = .cloudevents,
        signingSecret: SigningKey? = nil,
        timeout: Duration = .seconds(15),
        concurrency: Int = 32,
        rateLimit: RateLimit? = nil,
        retry: RetryPolicy = .standard,
        onUnknown: OnUnknown = .retry,
        skipStale: Bool = false,
        breaker: Breaker = Breaker(),
        ordering: Ordering = .none,
        maxPending: Int? = nil,
        tls: TLS? = nil
    ) {
        self.name = name
        self.url = url
        self.headers = headers
        self.payload = payload
        self.signingSecret = signingSecret
        self.timeout = timeout
        self.concurrency = concurrency
        self.rateLimit = rateLimit
        self.retry = retry
        self.onUnknown = onUnknown
        self.skipStale = skipStale
        self.breaker = breaker
        self.ordering = ordering
        self.maxPending = maxPending
        self.tls = tls
    }
}

extension Destination {
    /// A header that every request to a destination carries.
    package struct Header: Sendable, Hashable {
        /// The field name as it was written, a token of RFC 9110, section 5.6.2.
        package var name: String
        /// The value: visible ASCII, spaces and tabs, at most 8 KiB.
        package var value: Secret

        /// Makes a header, unchecked.
        package init(name: String, value: Secret) {
            self.name = name
            self.value = value
        }
    }

    /// What happens to an attempt whose outcome cannot be known, because the process or the connection died between
    /// sending the request and recording the answer.
    package enum OnUnknown: String, Sendable, CaseIterable {
        /// The attempt is repeated; the destination may see the event twice.
        case retry
        /// The delivery waits for a person; the destination never sees the event twice.
        case hold
    }

    /// Whether deliveries of one subject (a user, an organization, …) keep their order.
    package enum Ordering: String, Sendable, CaseIterable {
        /// Deliveries overtake each other freely.
        case none
        /// One delivery at a time and in order for each subject.
        case subject
    }

    /// When a destination as a whole counts as broken, and how it is probed.
    package struct Breaker: Sendable, Hashable {
        /// The failures in a row that open the breaker, 1 to 1,000,000. Default 20.
        package var failures: Int
        /// The time until the first probe, 100 ms to 1 hour. Default 10 seconds.
        package var probe: Duration
        /// The longest time between two probes, `probe` to 24 hours. Default 5 minutes.
        package var probeMax: Duration

        /// Makes the settings of a breaker, unchecked.
        package init(failures: Int = 20, probe: Duration = .seconds(10), probeMax: Duration = .seconds(300)) {
            self.failures = failures
            self.probe = probe
            self.probeMax = probeMax
        }
    }
}
