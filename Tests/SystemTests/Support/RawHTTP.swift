/// An HTTP/1 request that may be as wrong as a test wants it.
struct RawRequest: Sendable {
    var method = "POST"
    var target = GatewayProcess.path
    var version = "1.1"
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// The sizes of the chunks that the body is sent in; nil for a body with `content-length`.
    var chunkSize: Int?

    /// The value of the first header of a name.
    subscript(name: String) -> String? {
        get { headers.first { $0.name == name }?.value }
        set {
            headers.removeAll { $0.name == name }
            if let newValue { headers.append((name, newValue)) }
        }
    }

    /// The request without its body.
    var head: [UInt8] {
        var lines = ["\(method) \(target) HTTP/\(version)", "host: gateway"]
        lines += headers.map { "\($0.name): \($0.value)" }
        if chunkSize != nil {
            lines.append("transfer-encoding: chunked")
        } else if self["content-length"] == nil, method != "GET" {
            lines.append("content-length: \(body.count)")
        }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// The body as it goes over the wire.
    var framedBody: [UInt8] {
        guard let chunkSize else { return body }
        var framed: [UInt8] = []
        var rest = body[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(chunkSize)
            framed += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
            rest = rest.dropFirst(chunkSize)
        }
        return framed + Array("0\r\n\r\n".utf8)
    }

    var bytes: [UInt8] { head + framedBody }
}

/// An HTTP/1 response as it came over the wire.
struct RawResponse: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: String

    /// The value of the only header of a name; a repeated header counts as none.
    subscript(name: String) -> String? {
        let values = headers.filter { $0.name == name }
        return values.count == 1 ? values[0].value : nil
    }

    /// Reads the response at the beginning of some bytes, and how many it takes; nil while it is incomplete.
    /// - Parameter withoutBody: whether the answer is to HEAD, whose length is that of a body that does not follow.
    static func parse(_ bytes: [UInt8], withoutBody: Bool = false) throws -> (RawResponse, Int)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw NotHTTP(line: String(lines.first ?? ""))
        }
        let headers = try lines.dropFirst().map { line in
            guard let colon = line.firstIndex(of: ":") else { throw NotHTTP(line: String(line)) }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (name: line[..<colon].lowercased(), value: String(value))
        }
        let length =
            withoutBody ? 0 : headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
        let total = end.upperBound + length
        guard bytes.count >= total else { return nil }
        let body = String(decoding: bytes[end.upperBound..<total], as: UTF8.self)
        return (RawResponse(status: status, headers: headers, body: body), total)
    }
}

/// Bytes that are no HTTP response.
struct NotHTTP: Error {
    let line: String
}
