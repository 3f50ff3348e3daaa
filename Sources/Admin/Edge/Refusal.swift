import EventLedger
import Hummingbird
import NIOCore
import Redis

/// Why a request is not done, in words for the person who made it.
struct Refusal: Error, Equatable {
    /// The status of the answer.
    let status: HTTPResponse.Status
    /// A word for programs.
    let code: String
    /// What is wrong, and what to do.
    let message: String

    /// The request itself is wrong.
    static func badRequest(_ message: String) -> Refusal {
        Refusal(status: .badRequest, code: "bad_request", message: message)
    }

    /// What is asked for does not exist.
    static func notFound(_ message: String) -> Refusal {
        Refusal(status: .notFound, code: "not_found", message: message)
    }

    /// The state of things does not allow it.
    static func conflict(_ code: String, _ message: String) -> Refusal {
        Refusal(status: .conflict, code: code, message: message)
    }
}

extension Refusal {
    /// The answer to a request that failed in a way that its handler did not foresee.
    init(_ error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let error as RedisError:
            self.init(status: .serviceUnavailable, code: "redis_unavailable", message: "Redis: \(error)")
        case let error as LedgerError:
            self.init(status: .internalServerError, code: "unexpected_reply", message: "\(error)")
        case let error as HTTPError where error.status == .notFound:
            self = .notFound("there is no such path, or not with this method; the API is under \(API.path)")
        case is NIOTooManyBytesError:
            self.init(
                status: .contentTooLarge, code: "too_large",
                message: "a request has at most \(RequestBody.maximumBytes) bytes")
        default:
            self.init(
                status: .internalServerError, code: "internal",
                message: "an error that should not be: \(type(of: error))")
        }
    }

    /// The answer as it goes over the wire.
    var response: Response {
        var response = Response.json(API.Failure(error: message, code: code), status: status)
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        if status == .serviceUnavailable { response.headers[.retryAfter] = "1" }
        return response
    }
}
