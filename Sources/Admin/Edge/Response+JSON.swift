import Hummingbird
import NIOCore

extension Response {
    /// An answer of the API.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) -> Response {
        guard let data = try? API.encode(value) else {
            preconditionFailure("the shapes of the API hold nothing that JSON cannot")
        }
        return Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }
}
