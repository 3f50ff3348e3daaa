import Foundation

/// The requests and answers of `/api/v1`, which the listener and the commands share.
///
/// Keys are in snake case and times RFC 3339 in UTC with milliseconds. A value that the sender or the ledger does not
/// have is null; what is held back, or makes no sense for where a delivery stands, is left out.
package enum API {
    /// What all paths begin with.
    package static let path = "/api/v1"
    /// How many items a page has where the request does not say.
    package static let defaultLimit = 50
    /// How many items a page has at the most.
    package static let maximumLimit = 200
    /// How many events a request can name at the most.
    package static let maximumIDs = 100
    /// How many deliveries that were left alone an answer names at the most; the counts tell of the others.
    package static let maximumSkipped = 100

    /// Writes an answer or a request.
    package static func encode(_ value: some Encodable, prettily: Bool = false) throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if prettily { encoder.outputFormatting.insert(.prettyPrinted) }
        return try encoder.encode(value)
    }

    /// Reads an answer or a request.
    package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: data)
    }
}

/// A value that is written as null where there is none, rather than left out.
@propertyWrapper
package struct OrNull<Value: Codable & Sendable>: Codable, Sendable {
    /// The value.
    package var wrappedValue: Value?

    /// Wraps a value.
    package init(wrappedValue: Value?) {
        self.wrappedValue = wrappedValue
    }

    /// Reads a value or null.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    /// Writes the value or null.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension KeyedDecodingContainer {
    /// Takes a key that is not there for null: an older or newer gateway may leave it out.
    package func decode<Value>(_ type: OrNull<Value>.Type, forKey key: Key) throws -> OrNull<Value> {
        try decodeIfPresent(type, forKey: key) ?? OrNull(wrappedValue: nil)
    }
}
