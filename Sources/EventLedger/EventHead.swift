import NIOCore

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
    var packed: String {
        let texts = [type, subject ?? "", contentType ?? "", traceparent ?? ""]
        let lengths = texts.map { String($0.utf8.count) }.joined(separator: " ")
        return "\(signedTimestamp) \(time) \(lengths)\n\(texts.joined())"
    }

    /// Takes a packed text apart.
    /// - Returns: the head and the time of Redis' clock at which the event was received, or nil for anything else.
    static func unpack(_ packed: ByteBuffer) -> (head: EventHead, receivedAt: Int64)? {
        var packed = packed
        guard let end = packed.readableBytesView.firstIndex(of: UInt8(ascii: "\n")),
            let line = packed.readString(length: end - packed.readerIndex), packed.readInteger(as: UInt8.self) != nil
        else { return nil }
        let numbers = line.split(separator: " ").compactMap { Int64($0) }
        guard numbers.count == 7 else { return nil }
        var texts: [String?] = []
        for length in numbers[3...] {
            guard let text = packed.readString(length: Int(length)) else { return nil }
            texts.append(text.isEmpty ? nil : text)
        }
        guard let type = texts[0] else { return nil }
        let head = EventHead(
            type: type, subject: texts[1], contentType: texts[2], traceparent: texts[3], signedTimestamp: numbers[1],
            time: numbers[2])
        return (head, numbers[0])
    }
}
