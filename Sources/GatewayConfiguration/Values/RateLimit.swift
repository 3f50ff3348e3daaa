/// A bound of attempts for each span of time, such as `100/s`.
package struct RateLimit: Sendable, Hashable, CustomStringConvertible {
    /// The span of time that the count is for.
    package enum Unit: String, Sendable, CaseIterable {
        /// One second.
        case second = "s"
        /// Sixty seconds.
        case minute = "m"
        /// 3600 seconds.
        case hour = "h"

        /// The span in seconds.
        package var seconds: Int {
            switch self {
            case .second: 1
            case .minute: 60
            case .hour: 3600
            }
        }
    }

    /// The attempts in one span, 0 to `maximumCount`. With 0 nothing is sent: callers must not divide by it.
    package var count: Int
    /// The span of time.
    package var unit: Unit

    /// The largest count that loading accepts.
    package static let maximumCount = 1_000_000

    /// Makes a rate, unchecked.
    package init(count: Int, per unit: Unit) {
        self.count = count
        self.unit = unit
    }

    /// Reads `COUNT/s`, `COUNT/m` or `COUNT/h`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = WholeNumber.parse(parts[0]), count <= Self.maximumCount,
            let unit = Unit(rawValue: String(parts[1]))
        else { return nil }
        self.init(count: count, per: unit)
    }

    /// The attempts for each second, which may be a fraction.
    package var perSecond: Double { Double(count) / Double(unit.seconds) }

    /// The rate as it is written in the configuration.
    package var description: String { "\(count)/\(unit.rawValue)" }
}
