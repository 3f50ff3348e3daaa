import Foundation
import Hummingbird

/// The JSON body of a request, read strictly: a key that is not known is an error, as with ``Query``.
enum RequestBody {
    /// The longest body in bytes.
    static let maximumBytes = 64 * 1024

    /// Reads the body of a request; an empty one counts as an empty object.
    /// - Throws: ``Refusal``, or `NIOTooManyBytesError` for a body that is too long.
    static func read<Value: Decodable>(
        _ type: Value.Type, keys: Set<String>, of request: Request
    ) async throws -> Value {
        let bytes = try await request.body.collect(upTo: maximumBytes)
        return try decode(type, keys: keys, from: Data(bytes.readableBytesView))
    }

    /// Reads the bytes of a body.
    static func decode<Value: Decodable>(
        _ type: Value.Type, keys: Set<String>, from data: Data
    ) throws(Refusal) -> Value {
        let data = data.isEmpty ? Data("{}".utf8) : data
        guard let given = try? JSONDecoder().decode([String: Ignored].self, from: data) else {
            throw .badRequest("the body is not a JSON object")
        }
        if let unknown = given.keys.filter({ !keys.contains($0) }).min() {
            let known = keys.isEmpty ? "none is" : "but \(keys.sorted().joined(separator: ", "))"
            throw .badRequest("no key `\(unknown)` is known here, \(known)")
        }
        do {
            return try API.decode(type, from: data)
        } catch DecodingError.typeMismatch(_, let context) {
            let key = given.keys.first { $0.hasSameName(as: context) } ?? "?"
            throw .badRequest("`\(key)` has a value of the wrong type")
        } catch {
            throw .badRequest("the body does not fit this request")
        }
    }

    /// A value of which only the presence counts.
    private struct Ignored: Decodable {
        init(from decoder: any Decoder) {}
    }
}

extension String {
    /// Whether a key in snake case is the one that an error speaks of.
    fileprivate func hasSameName(as context: DecodingError.Context) -> Bool {
        replacing("_", with: "").lowercased() == context.codingPath.first?.stringValue.lowercased()
    }
}
