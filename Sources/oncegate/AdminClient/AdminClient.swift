import Admin
import Curl
import Foundation
import Telemetry
import Webhooks

/// Asks the admin API of a running gateway.
struct AdminClient: Sendable {
    /// How long an answer may take: a request looks at a bounded number of records.
    static let timeout = Duration.seconds(30)
    /// The longest answer: one event with a body of the largest size, every byte of it escaped.
    static let maximumAnswerBytes = 128 << 20

    /// The address of the gateway, without a slash at the end.
    private let address: String
    private let token: Secret?
    private let http = CurlLoop()

    /// - Parameter token: what requests carry; nil where the gateway asks for none.
    init(address: String, token: Secret?) {
        self.address = address
        self.token = token
    }

    /// Runs `body` with a client that can send meanwhile.
    static func with<Result>(
        _ connection: AdminConnection, _ body: (AdminClient) async throws -> Result
    ) async throws -> Result {
        let client = try connection.client()
        try client.http.start()
        do {
            let result = try await body(client)
            await client.http.stop()
            return result
        } catch {
            await client.http.stop()
            throw error
        }
    }

    /// Asks for something.
    /// - Parameters:
    ///   - path: segments under `/api/v1`, which are encoded here.
    ///   - query: parameters; those without a value are left out.
    func get<Answer: Decodable>(
        _ path: [String], _ query: [(name: String, value: String?)] = [], as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        let parameters = query.compactMap { name, value in value.map { "\(name)=\($0.percentEncoded)" } }
        let suffix = parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")
        return try await answer(to: request(path, suffix, method: .get))
    }

    /// Has something done.
    func post<Answer: Decodable>(
        _ path: [String], _ body: some Encodable, as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        var request = request(path, "", method: .post)
        request.headers.append(("content-type", "application/json"))
        request.body = Array(try API.encode(body))
        return try await answer(to: request)
    }

    private func request(_ path: [String], _ suffix: String, method: HTTPRequest.Method) -> HTTPRequest {
        var headers: [(name: String, value: String)] = [("user-agent", "oncegate/\(Version.current)")]
        if let token { headers.append(("authorization", "Bearer \(token.revealed)")) }
        let path = path.map { "/" + $0.percentEncoded }.joined()
        return HTTPRequest(
            url: address + API.path + path + suffix, method: method, headers: headers, timeout: Self.timeout,
            connectTimeout: .seconds(5), keptBodyBytes: Self.maximumAnswerBytes)
    }

    private func answer<Answer: Decodable>(to request: HTTPRequest) async throws -> Answer {
        let response: HTTPResponse
        do throws(TransferError) {
            response = try await http.perform(request)
        } catch {
            throw failure(error)
        }
        let data = Data(response.bodyPrefix)
        guard response.status == 200 else {
            let failure = try? API.decode(API.Failure.self, from: data)
            throw CommandError(failure?.error ?? "\(address) answers \(response.status): is it the admin listener?")
        }
        guard response.isBodyComplete, let answer = try? API.decode(Answer.self, from: data) else {
            throw CommandError("\(address) answers what this version of oncegate does not understand")
        }
        return answer
    }

    private func failure(_ error: TransferError) -> CommandError {
        switch error.code {
        case .resolve, .connect: CommandError("no gateway answers at \(address): is `oncegate serve` running?")
        case .badURL: CommandError("\(address) is no address of an admin listener, as in http://127.0.0.1:9090")
        default: CommandError("the gateway at \(address) did not answer: \(error)")
        }
    }
}
