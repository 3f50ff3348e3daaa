import GatewayConfiguration
import Hummingbird
import Webhooks

/// Who may use the API.
///
/// With a token: whoever knows it. Without one, which the configuration allows on a loopback listener only: whoever can
/// connect, but for web pages that a browser on this machine happens to show. Those can name the listener by a host of
/// their own whose address they change to 127.0.0.1 (DNS rebinding), hence the rule for `host`, and can post forms to
/// it from any page, hence the rule for `content-type`.
struct Access: Sendable {
    private let token: Secret?

    /// - Parameter token: the configured token; nil where there is none.
    init(token: Secret?) {
        self.token = token
    }

    /// Why a request is refused; nil where it is not.
    func refusal(of request: HTTPRequest) -> Refusal? {
        if let token {
            guard Self.bearer(request.headerFields[.authorization] ?? "", is: token) else {
                return Refusal(
                    status: .unauthorized, code: "unauthorized",
                    message: "the header `authorization: Bearer TOKEN` with the token of `admin.token` is needed")
            }
        } else if !Self.isLoopback(request.authority ?? "") {
            return Refusal(
                status: .forbidden, code: "foreign_host",
                message: "without `admin.token` the API answers to 127.0.0.1, [::1] and localhost only")
        }
        guard request.method != .post || Self.isJSON(request.headerFields[.contentType] ?? "") else {
            return Refusal(
                status: .unsupportedMediaType, code: "not_json", message: "`content-type: application/json` is needed")
        }
        return nil
    }

    /// Whether the value of an `authorization` header is `Bearer` and the token, in a time that does not depend on
    /// where the two differ.
    private static func bearer(_ value: String, is token: Secret) -> Bool {
        let scheme = "bearer "
        guard value.prefix(scheme.count).lowercased() == scheme else { return false }
        let given = Array(value.utf8.dropFirst(scheme.utf8.count))
        let expected = Array(token.revealed.utf8)
        var difference = given.count ^ expected.count
        for (index, byte) in given.enumerated() { difference |= Int(byte ^ expected[index % expected.count]) }
        return difference == 0
    }

    /// Whether the value of a `host` header names this machine: a loopback address or `localhost`, with any port.
    private static func isLoopback(_ authority: String) -> Bool {
        let address = ListenAddress(authority) ?? ListenAddress(authority + ":0")
        return address?.isLoopback ?? false
    }

    private static func isJSON(_ contentType: String) -> Bool {
        let type = contentType.prefix { $0 != ";" && $0 != " " }
        return type.lowercased() == "application/json"
    }
}

/// Lets requests through that may use the API.
struct AccessMiddleware: RouterMiddleware {
    let access: Access

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        if let refusal = access.refusal(of: request.head) { throw refusal }
        return try await next(request, context)
    }
}

/// Puts every failure into the words of ``API/Failure``.
struct FailureMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return Refusal(error).response
        }
    }
}
