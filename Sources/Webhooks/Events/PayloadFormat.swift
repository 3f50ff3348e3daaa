/// The form in which a destination receives events.
package enum PayloadFormat: String, Sendable, Hashable, CaseIterable {
    /// A CloudEvents 1.0 JSON object with normalised `data` ("structured mode").
    case cloudevents
    /// The normalised data alone, and the CloudEvents attributes in `ce-` headers ("binary mode").
    case cloudeventsBinary = "cloudevents-binary"
    /// The sender's bytes, untouched.
    case raw
}
