import Glibc

/// An IPv4 or IPv6 address.
///
/// An IPv4 address that is mapped into IPv6 (RFC 4291, section 2.5.5.2), as a listener on `[::]` sees it, is equal to
/// the IPv4 address.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The first eight bytes of the IPv6 address, an IPv4 address being a mapped one.
    package let high: UInt64
    /// The last eight bytes.
    package let low: UInt64

    /// The longest text of an address, in bytes: an IPv6 address with an IPv4 address at its end.
    package static let maximumTextLength = 45

    /// Makes an address of its bytes in host order.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes an IPv4 address of its bytes in host order.
    package init(ipv4: UInt32) {
        self.init(high: 0, low: 0xFFFF << 32 | UInt64(ipv4))
    }

    /// Reads an address as inet_pton(3) does, without brackets, port and zone; nil for anything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.maximumTextLength, !text.utf8.contains(0) else { return nil }
        var four = in_addr()
        if inet_pton(AF_INET, String(text), &four) == 1 {
            self.init(ipv4: UInt32(bigEndian: four.s_addr))
            return
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, String(text), &six) == 1 else { return nil }
        self.init(six)
    }

    /// Makes an address of the system's own form.
    package init(_ address: in6_addr) {
        (high, low) = withUnsafeBytes(of: address) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    /// Whether it is an IPv4 address.
    package var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// What one customer of a network has: of an IPv6 address the /64 that it lies in (RFC 6177), for whoever has one
    /// address of that has them all.
    package var customer: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }

    /// The address as inet_ntop(3) writes it.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if isIPv4 {
            var four = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
            inet_ntop(AF_INET, &four, &text, socklen_t(text.count))
        } else {
            var six = (high.bigEndian, low.bigEndian)
            inet_ntop(AF_INET6, &six, &text, socklen_t(text.count))
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
