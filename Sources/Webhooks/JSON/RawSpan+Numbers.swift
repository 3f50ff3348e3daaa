// Reading of the numbers of a validated text, given their ranges. No pointer outlives the call that it is passed to.

extension RawSpan {
    /// The whole number in a range, or nil where it has a fraction or an exponent or does not fit.
    func integer(_ range: Range<Int>) -> Int64? {
        let isNegative = byte(range.lowerBound) == UInt8(ascii: "-")
        var value: Int64 = 0
        for index in (isNegative ? range.dropFirst() : range) {
            guard byte(index).isDigit else { return nil }
            let digit = Int64(byte(index) - UInt8(ascii: "0"))
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            // Counted downwards, because the least number has no positive counterpart.
            let (difference, isTooSmall) = product.subtractingReportingOverflow(digit)
            guard !isTooLarge, !isTooSmall else { return nil }
            value = difference
        }
        guard !isNegative else { return value }
        return value == .min ? nil : -value
    }

    /// The double nearest to the number in a range.
    func double(_ range: Range<Int>) -> Double? {
        extracting(range).withUnsafeBytes { Double(String(decoding: $0, as: UTF8.self)) }
    }
}
