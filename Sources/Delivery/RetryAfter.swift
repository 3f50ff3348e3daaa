import Curl

/// The `retry-after` header (RFC 9110 section 10.2.3): seconds, or a date.
package enum RetryAfter {
    /// The longest wait that a destination can ask for.
    package static let maximum = Duration.seconds(3600)

    /// The time to wait, at most ``maximum``, or nil where the value is neither.
    /// - Parameter now: seconds since 1970.
    package static func delay(_ value: String, now: Int64) -> Duration? {
        if !value.isEmpty, value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            return min(.seconds(Int64(value) ?? .max), maximum)
        }
        guard let date = HTTPDate.seconds(value) else { return nil }
        return min(max(.seconds(date - now), .zero), maximum)
    }
}
