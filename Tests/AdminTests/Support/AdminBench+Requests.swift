import Admin
import Foundation
import TestSupport
import Testing

/// An answer of the listener.
struct Answer {
    let status: Int
    let head: String
    let body: String

    /// The word for programs of a failure.
    var code: String? { try? decoded(API.Failure.self).code }

    /// The body as one of the shapes of the API.
    func decoded<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try API.decode(type, from: Data(body.utf8))
    }
}

/// Sends one request on a connection of its own.
func exchange(
    _ port: Int, _ start: String, headers: [String] = [], host: String = "localhost", body: String = ""
) async throws -> Answer {
    let client = try await RawClient.connect(to: port)
    let lines =
        ["\(start) HTTP/1.1", "host: \(host)", "connection: close", "content-length: \(body.utf8.count)"] + headers
    client.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    let text = try await client.untilEnd()
    await client.close()
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let status = try #require(Int(text.dropFirst("HTTP/1.1 ".count).prefix(3)), "\(text)")
    return Answer(status: status, head: parts[0].lowercased(), body: parts.count > 1 ? parts[1] : "")
}

extension AdminBench {
    /// What a request with the token carries.
    static let authorization = "authorization: Bearer \(token)"

    /// Asks for a path under `/api/v1`.
    func get(_ target: String) async throws -> Answer {
        try await exchange(port, "GET \(API.path)\(target)", headers: [Self.authorization])
    }

    /// Asks for a path that must be answered.
    func get<Value: Decodable>(
        _ target: String, as type: Value.Type, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Value {
        let answer = try await get(target)
        #expect(answer.status == 200, "\(answer.body)", sourceLocation: sourceLocation)
        return try answer.decoded()
    }

    /// Posts JSON to a path under `/api/v1`.
    func post(_ target: String, _ body: String = "{}") async throws -> Answer {
        try await exchange(
            port, "POST \(API.path)\(target)", headers: [Self.authorization, "content-type: application/json"],
            body: body)
    }

    /// Posts JSON to a path, which must be done.
    func post<Value: Decodable>(
        _ target: String, _ body: String = "{}", as type: Value.Type, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Value {
        let answer = try await post(target, body)
        #expect(answer.status == 200, "\(answer.body)", sourceLocation: sourceLocation)
        return try answer.decoded()
    }
}
