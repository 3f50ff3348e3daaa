import NIOCore
import Redis

/// What the ledger keeps of an event beside its body, packed into one text: a field of its own for each would cost more
/// memory than most of the values.
///
///     <received at> <signed at> <event time> <length of type, subject, content type, traceparent>…\n<the four texts>
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
    var packed: ByteBuffer {
        let subject = subject ?? ""
        let contentType = contentType ?? ""
        let traceparent = traceparent ?? ""
        let length = type.utf8.count + subject.utf8.count + contentType.utf8.count + traceparent.utf8.count
        var packed = ByteBuffer()
        packed.write(atMost: 6 * (ByteWriter.maximumDigits + 1) + length) { writer in
            writer.write(decimal: Int(signedTimestamp))
            writer.write(Self.space)
            writer.write(decimal: Int(time))
            for text in [type, subject, contentType, traceparent] {
                writer.write(Self.space)
                writer.write(decimal: text.utf8.count)
            }
            writer.write(Self.lineEnd)
            for text in [type, subject, contentType, traceparent] { writer.write(text) }
        }
        return packed
    }

    private static let space = UInt8(ascii: " ")
    private static let lineEnd = UInt8(ascii: "\n")

    /// Takes a packed text apart.
    /// - Returns: the head and the time of Redis' clock at which the event was received, or nil for anything else.
    static func unpack(_ packed: ByteBuffer) -> (head: EventHead, receivedAt: Int64)? {
        var packed = packed
        guard let received = packed.readNumber(before: space), let signed = packed.readNumber(before: space),
            let time = packed.readNumber(before: space), let type = packed.readNumber(before: space),
            let subject = packed.readNumber(before: space), let contentType = packed.readNumber(before: space),
            let traceparent = packed.readNumber(before: lineEnd), type > 0, min(subject, contentType, traceparent) >= 0,
            let typeText = packed.readString(length: type), let subjectText = packed.readString(length: subject),
            let contentTypeText = packed.readString(length: contentType),
            let traceparentText = packed.readString(length: traceparent)
        else { return nil }
        let head = EventHead(
            type: typeText, subject: subject == 0 ? nil : subjectText,
            contentType: contentType == 0 ? nil : contentTypeText,
            traceparent: traceparent == 0 ? nil : traceparentText, signedTimestamp: Int64(signed), time: Int64(time))
        return (head, Int64(received))
    }
}

extension ByteBuffer {
    /// Reads a decimal number and the byte behind it; nil where something else stands there.
    fileprivate mutating func readNumber(before end: UInt8) -> Int? {
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
