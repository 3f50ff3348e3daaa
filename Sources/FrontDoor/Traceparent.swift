/// The `traceparent` header of W3C Trace Context, level 1.
enum Traceparent {
    /// Whether a sender's value is well-formed, of version 00 and not all zeros.
    static func isValid(_ value: String) -> Bool {
        let parts = value.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return parts.map(\.count) == [2, 32, 16, 2] && parts.allSatisfy { $0.allSatisfy(isLowerHex) }
            && parts[0].elementsEqual("00".utf8) && !parts[1].allSatisfy(isZero) && !parts[2].allSatisfy(isZero)
    }

    /// A new trace, sampled.
    static func make(using random: inout some RandomNumberGenerator) -> String {
        let trace = hex(random.next()) + hex(.random(in: 1 ... .max, using: &random))
        return "00-\(trace)-\(hex(.random(in: 1 ... .max, using: &random)))-01"
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    private static func isLowerHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isZero(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "0") }
}
