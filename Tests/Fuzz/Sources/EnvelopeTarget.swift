@testable import Webhooks

/// What a signed body says of its event. An input is a body.
enum EnvelopeTarget {
    private static let schemes =
        SignatureScheme.table + [
            CustomScheme(header: "x-signature", id: .json("event.id")).scheme
        ]

    static func run(_ body: [UInt8]) {
        let isJSON = (try? JSONScanner.validate(body.span.bytes)) != nil
        require(
            isJSON == ReferenceJSON.accepts(body, maximumDepth: JSONScanner.maximumDepth),
            "the scanner and RFC 8259 agree; the scanner says \(isJSON)")
        let padded = Array(" \n".utf8) + body + Array("\t\r".utf8)
        for scheme in schemes {
            let read = Result { () throws(InvalidPayload) in
                try scheme.event.read(body.span.bytes, type: headerType(scheme))
            }
            if !isJSON, case .failure(let error) = read {
                guard case .notJSON(let reason) = error.code else { fatalError("no JSON, but: \(error)") }
                require(0...body.count ~= reason.offset, "the fault is within the body")
            }
            guard case .success(let verified) = read else { continue }
            require(isJSON, "\(scheme.name) reads nothing that is no JSON")
            if case .standard = scheme.event, case .event(let envelope, _) = verified {
                let id = JSONValue(validated: body).object?["data"]?.object?["id"]?.string
                let isUsable = id.map { 1...Envelope.maximumAttributeLength ~= $0.utf8.count } ?? false
                require(envelope.subject == (isUsable ? id : nil), "the subject is data.id, read value by value")
            }
            check(verified, of: body)
            let again = unwrap("white space around a body changes nothing") {
                try scheme.event.read(padded.span.bytes, type: headerType(scheme))
            }
            require(isSame(verified, again), "\(scheme.name): white space around a body changes nothing")
        }
    }

    /// The type in a header, where the scheme has it there.
    private static func headerType(_ scheme: SignatureScheme) -> String? {
        scheme.headers[0].type == nil ? nil : "push"
    }

    private static func check(_ verified: VerifiedBody, of body: [UInt8]) {
        switch verified {
        case .challenge(let answer):
            let bytes = Array(answer.utf8)
            require(ReferenceJSON.accepts(bytes, maximumDepth: 1), "an answer to a question is JSON: \(answer)")
            require(JSONValue(validated: bytes).object?.keys == ["challenge"], "it has one key: \(answer)")
        case .event(let envelope, _):
            let lengths = 1...Envelope.maximumAttributeLength
            require(lengths.contains(envelope.type.utf8.count), "a type has 1 to 1024 bytes")
            for text in [envelope.subject, envelope.instanceID] {
                require(text.map { lengths.contains($0.utf8.count) } ?? true, "an attribute has 1 to 1024 bytes")
            }
            if let time = envelope.timestamp {
                require(Timestamp(milliseconds: time) != nil, "RFC 3339 can write \(time)")
            }
            guard let range = envelope.dataRange else { return }
            let data = Array(body[range])
            require(
                ReferenceJSON.accepts(data, maximumDepth: JSONScanner.maximumDepth) && !isSpace(data.first)
                    && !isSpace(data.last), "data is one JSON value without white space around it")
        }
    }

    private static func isSpace(_ byte: UInt8?) -> Bool { byte.map { " \t\n\r".utf8.contains($0) } ?? true }

    private static func isSame(_ body: VerifiedBody, _ padded: VerifiedBody) -> Bool {
        guard case .event(let left, let id) = body, case .event(let right, let otherID) = padded else {
            return body == padded
        }
        return id == otherID && left.type == right.type && left.subject == right.subject
            && left.timestamp == right.timestamp && left.instanceID == right.instanceID
            && left.dataRange.map { $0.lowerBound + 2..<$0.upperBound + 2 } == right.dataRange
    }
}
