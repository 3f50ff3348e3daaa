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
        let trace = (random.next(), UInt64.random(in: 1 ... .max, using: &random))
        let span = UInt64.random(in: 1 ... .max, using: &random)
        return String(unsafeUninitializedCapacity: length) { text in
            var end = 0
            func write(_ bytes: some Sequence<UInt8>) {
                for byte in bytes {
                    text[end] = byte
                    end += 1
                }
            }
            write("00-".utf8)
            write(hex(trace.0))
            write(hex(trace.1))
            write("-".utf8)
            write(hex(span))
            write("-01".utf8)
            return end
        }
    }

    /// How many bytes a value of version 00 has.
    private static let length = 55

    private static func hex(_ value: UInt64) -> some Sequence<UInt8> {
        stride(from: 60, through: 0, by: -4).lazy.map { shift in
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 0xF
            return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
        }
    }

    private static func isLowerHex(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isZero(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "0") }
}
