/// An event in the form of one destination: what its HTTP requests carry.
package struct RenderedPayload: Sendable {
    /// The value of `content-type`.
    package let contentType: String
    /// Further headers, their names in lower case: the `ce-` family of binary mode, else none.
    package let headers: [(name: String, value: String)]
    /// The body.
    package let body: [UInt8]
}

extension Event {
    /// The content type of a body of which the sender said nothing, and of all normalised data.
    private static let jsonType = "application/json"

    /// Renders the event for a destination.
    ///
    /// Sources: CloudEvents 1.0 with its JSON format and HTTP binding, both 1.0.2. See ``cloudEventsAttributes(_:)`` for
    /// senders' texts that CloudEvents would not allow.
    /// - Throws: ``InvalidPayload`` where the body is not what the front door accepts. Repeating cannot help.
    package func rendered(as format: PayloadFormat) throws(InvalidPayload) -> RenderedPayload {
        switch format {
        case .cloudevents: try structured()
        case .cloudeventsBinary: try binary()
        case .raw: RenderedPayload(contentType: contentType ?? Self.jsonType, headers: [], body: body)
        }
    }

    private func structured() throws(InvalidPayload) -> RenderedPayload {
        let body = body  // a span may not outlive the access to a property of a class
        let members = try Envelope.validate(body.span.bytes)
        var writer = JSONWriter(capacity: body.count + 512)
        writer.beginObject()
        for attribute in cloudEventsAttributes(members) {
            writer.key(attribute.name)
            writer.string(attribute.value)
        }
        writer.key("datacontenttype")
        writer.string(Self.jsonType)
        writer.key("data")
        writer.normalisedData(of: self, members)
        writer.endObject()
        return RenderedPayload(
            contentType: "application/cloudevents+json; charset=utf-8", headers: [], body: writer.bytes)
    }

    private func binary() throws(InvalidPayload) -> RenderedPayload {
        let body = body  // a span may not outlive the access to a property of a class
        let members = try Envelope.validate(body.span.bytes)
        var writer = JSONWriter(capacity: body.count)
        writer.normalisedData(of: self, members)
        let headers = cloudEventsAttributes(members).map { (name: "ce-" + $0.name, value: $0.value.encodedForHeader) }
        return RenderedPayload(contentType: Self.jsonType, headers: headers, body: writer.bytes)
    }

    /// The context attributes in the order in which they are written.
    ///
    /// CloudEvents allows no control characters and no lone surrogates in attributes; senders may send both in `type`
    /// and `data.id`. Such an event is passed on rather than refused: control characters are escaped as JSON or
    /// percent-encoded as a header demands, so that they end no line, and a lone surrogate becomes U+FFFD.
    /// `source` is a URI reference, hence `instance_id` one percent-encoded path segment.
    private func cloudEventsAttributes(_ members: EnvelopeMembers) -> [(name: String, value: String)] {
        let body = body  // a span may not outlive the access to a property of a class
        var source = "/" + self.source.encodedForPathSegment
        if let instance = body.span.bytes.attribute(members.instanceID) {
            source += "/" + instance.encodedForPathSegment
        }
        var attributes = [("specversion", "1.0"), ("id", id), ("source", source), ("type", type)]
        if let subject { attributes.append(("subject", subject)) }
        if let time = Timestamp(milliseconds: time) { attributes.append(("time", time.rfc3339)) }
        return attributes
    }
}
