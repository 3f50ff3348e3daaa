import NIOCore
import Redis

/// What the ledger keeps of an event beside its body, packed into one text: a field of its own for each would cost more
/// memory than most of the values.
///
///     <received at> <signed at> <event time> <length of type, subject, content type, traceparent>…\n<the four texts>
///     <length of the body>\n
///
/// The last line follows the texts without a space; it is missing where an earlier version wrote the head.
///
/// The scripts read the numbers, the type and the subject (`describe` in `record.lua`).
package struct EventHead: Sendable, Equatable {
    /// The event's type.
    package let type: String
    /// What it is about, in the sender's words, where it says so.
    package let subject: String?
    /// The content type that came with it.
    package let contentType: String?
    /// The trace it belongs to.
    package let traceparent: String?
    /// The signed timestamp, in seconds since 1970.
    package let signedTimestamp: Int64
    /// The event's own time where it has one, else the signed one, in milliseconds since 1970.
    package let time: Int64

    /// Puts a head together.
    package init(
        type: String, subject: String?, contentType: String?, traceparent: String?, signedTimestamp: Int64, time: Int64
    ) {
        self.type = type
        self.subject = subject
        self.contentType = contentType
        self.traceparent = traceparent
        self.signedTimestamp = signedTimestamp
        self.time = time
    }

    /// The packed text, without the time it was received at, which `claim.lua` puts before it.
    func packed(bodyLength: Int) -> ByteBuffer {
        let subject = subject ?? ""
        let contentType = contentType ?? ""
        let traceparent = traceparent ?? ""
        let length = type.utf8.count + subject.utf8.count + contentType.utf8.count + traceparent.utf8.count
        var packed = ByteBuffer()
        packed.write(atMost: 7 * (ByteWriter.maximumDigits + 1) + length) { writer in
            writer.write(decimal: Int(signedTimestamp))
            writer.write(Self.space)
            writer.write(decimal: Int(time))
            for text in [type, subject, contentType, traceparent] {
                writer.write(Self.space)
                writer.write(decimal: text.utf8.count)
            }
            writer.write(Self.lineEnd)
            for text in [type, subject, contentType, traceparent] { writer.write(text) }
            writer.write(decimal: bodyLength)
            writer.write(Self.lineEnd)
        }
        return packed
    }

    private static let space = UInt8(ascii: " ")
    private static let lineEnd = UInt8(ascii: "\n")

    /// The numbers that a packed text begins with.
    private struct Numbers {
        let receivedAt, signedAt, time, type, subject, contentType, traceparent: Int

        /// Reads them, with the line end behind them.
        init?(_ packed: inout ByteBuffer) {
            guard let receivedAt = packed.readNumber(before: space), let signedAt = packed.readNumber(before: space),
                let time = packed.readNumber(before: space), let type = packed.readNumber(before: space),
                let subject = packed.readNumber(before: space), let contentType = packed.readNumber(before: space),
                let traceparent = packed.readNumber(before: lineEnd), type > 0,
                min(subject, contentType, traceparent) >= 0,
                max(type, subject, contentType, traceparent) <= packed.readableBytes
            else { return nil }
            self.receivedAt = receivedAt
            self.signedAt = signedAt
            self.time = time
            self.type = type
            self.subject = subject
            self.contentType = contentType
            self.traceparent = traceparent
        }
    }

    /// Takes a packed text apart.
    /// - Returns: the head and the time of Redis' clock at which the event was received, or nil for anything else.
    static func unpack(_ packed: ByteBuffer) -> (head: EventHead, receivedAt: Int64)? {
        var packed = packed
        guard let numbers = Numbers(&packed), let type = packed.readString(length: numbers.type),
            let subject = packed.readString(length: numbers.subject),
            let contentType = packed.readString(length: numbers.contentType),
            let traceparent = packed.readString(length: numbers.traceparent)
        else { return nil }
        let head = EventHead(
            type: type, subject: subject.isEmpty ? nil : subject, contentType: contentType.isEmpty ? nil : contentType,
            traceparent: traceparent.isEmpty ? nil : traceparent, signedTimestamp: Int64(numbers.signedAt),
            time: Int64(numbers.time))
        return (head, Int64(numbers.receivedAt))
    }

    /// What a packed text says of the time at which the event was received and of the length of its body, which is nil
    /// where an earlier version wrote it; nil for anything else.
    static func measure(_ packed: ByteBuffer) -> (receivedAt: Int64, bodyLength: Int?)? {
        var packed = packed
        guard let numbers = Numbers(&packed) else { return nil }
        let texts = numbers.type + numbers.subject + numbers.contentType + numbers.traceparent
        guard texts <= packed.readableBytes else { return nil }
        packed.moveReaderIndex(forwardBy: texts)
        return (Int64(numbers.receivedAt), packed.readNumber(before: lineEnd))
    }
}

extension ByteBuffer {
    /// Reads a decimal number and the byte behind it; nil where something else stands there.
    mutating func readNumber(before end: UInt8) -> Int? {
        let isNegative = getInteger(at: readerIndex, as: UInt8.self) == UInt8(ascii: "-")
        if isNegative { moveReaderIndex(forwardBy: 1) }
        var value: Int?
        while let byte = readInteger(as: UInt8.self) {
            guard byte != end else { return value.map { isNegative ? -$0 : $0 } }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (product, isTooLarge) = (value ?? 0).multipliedReportingOverflow(by: 10)
            let (sum, overflows) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !isTooLarge, !overflows else { return nil }
            value = sum
        }
        return nil
    }
}
