/// A range of addresses in CIDR notation (RFC 4632), `10.0.0.0/8` or `2001:db8::/32`, or a single address.
package struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    private let first: IPAddress
    /// The bits that all addresses of the range share, of 128; an IPv4 address is a mapped one.
    private let sharedBits: Int

    /// Reads a range; nil for anything else, an address that is not the first of its range included.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        let offset = address.isIPv4 ? 96 : 0
        var length = 128 - offset
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(ASCII.isDigit),
                let written = Int(parts[1]), written <= length
            else { return nil }
            length = written
        }
        first = address
        sharedBits = length + offset
        guard address.high & ~highMask == 0, address.low & ~lowMask == 0 else { return nil }
    }

    // A shift by the whole width gives 0 in Swift.
    private var highMask: UInt64 { ~(UInt64.max >> min(sharedBits, 64)) }
    private var lowMask: UInt64 { ~(UInt64.max >> max(sharedBits - 64, 0)) }

    /// Whether an address lies in the range. The range of all IPv6 addresses, `::/0`, holds the IPv4 addresses too.
    package func contains(_ address: IPAddress) -> Bool {
        (address.high ^ first.high) & highMask == 0 && (address.low ^ first.low) & lowMask == 0
    }

    /// The range in CIDR notation; a single address alone.
    package var description: String {
        sharedBits == 128 ? "\(first)" : "\(first)/\(first.isIPv4 ? sharedBits - 96 : sharedBits)"
    }
}

extension [AddressRange] {
    /// Whether one of the ranges holds an address.
    package func contain(_ address: IPAddress) -> Bool {
        contains { $0.contains(address) }
    }
}
