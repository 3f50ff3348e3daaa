/// Takes a Redis URL apart (RFC 3986, with the conventions of the redis and rediss schemes).
struct RedisURLParser {
    private let scheme: String
    private let authority: Substring
    private let path: Substring
    private let query: Substring?

    init(_ url: String) throws(RedisURLError) {
        guard let separator = url.firstRange(of: "://") else { throw RedisURLError(.unsupportedScheme) }
        scheme = url[..<separator.lowerBound].lowercased()
        guard ["redis", "rediss", "unix"].contains(scheme) else { throw RedisURLError(.unsupportedScheme) }
        var rest = url[separator.upperBound...]
        guard !rest.contains("#") else { throw RedisURLError(.fragment) }
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        } else {
            query = nil
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        authority = rest[..<slash]
        path = rest[slash...]
    }

    func endpoint() throws(RedisURLError) -> RedisEndpoint {
        let parameters = try parameters()
        var host = authority
        var credentials: RedisEndpoint.Credentials?
        if let at = authority.lastIndex(of: "@") {
            credentials = try Self.credentials(authority[..<at])
            host = authority[authority.index(after: at)...]
        }
        if scheme == "unix" {
            guard host.isEmpty else { throw RedisURLError(.missingPath) }
            return try unix(credentials: credentials, parameters: parameters)
        }
        guard parameters.user == nil, parameters.password == nil else { throw RedisURLError(.invalidParameter) }
        let (name, port) = try Self.hostAndPort(host)
        return RedisEndpoint(
            transport: .tcp(host: name, port: port, tls: scheme == "rediss"), credentials: credentials,
            database: try databaseInPath() ?? parameters.database ?? 0)
    }

    private func unix(
        credentials: RedisEndpoint.Credentials?, parameters: Parameters
    ) throws(RedisURLError) -> RedisEndpoint {
        var credentials = credentials
        if let password = parameters.password {
            guard credentials == nil else { throw RedisURLError(.invalidParameter) }
            credentials = RedisEndpoint.Credentials(user: parameters.user, password: password)
        } else if parameters.user != nil {
            throw RedisURLError(.invalidCredentials)
        }
        let plain = try RedisEndpoint.unix(path: Self.decode(path))
        guard plain.transport != .unix(path: "/") else { throw RedisURLError(.missingPath) }
        return RedisEndpoint(
            transport: plain.transport, credentials: credentials, database: parameters.database ?? 0)
    }

    /// The database of `/N`; nil for an absent or empty path.
    private func databaseInPath() throws(RedisURLError) -> Int? {
        let text = path.drop { $0 == "/" }
        guard !text.isEmpty else { return nil }
        return try Self.database(text)
    }

    // MARK: Parts

    private struct Parameters {
        var database: Int?
        var user: String?
        var password: String?
    }

    private func parameters() throws(RedisURLError) -> Parameters {
        var parameters = Parameters()
        for pair in (query ?? "").split(separator: "&") {
            guard let equals = pair.firstIndex(of: "=") else { throw RedisURLError(.invalidParameter) }
            let value = pair[pair.index(after: equals)...]
            switch pair[..<equals] {
            case "db" where parameters.database == nil: parameters.database = try Self.database(value)
            case "user" where parameters.user == nil: parameters.user = try Self.decode(value)
            case "password" where parameters.password == nil: parameters.password = try Self.decode(value)
            default: throw RedisURLError(.invalidParameter)
            }
        }
        return parameters
    }

    private static func credentials(_ text: Substring) throws(RedisURLError) -> RedisEndpoint.Credentials {
        guard let colon = text.firstIndex(of: ":") else { throw RedisURLError(.invalidCredentials) }
        let user = try decode(text[..<colon])
        let password = try decode(text[text.index(after: colon)...])
        guard !password.isEmpty else { throw RedisURLError(.invalidCredentials) }
        return RedisEndpoint.Credentials(user: user.isEmpty ? nil : user, password: password)
    }

    private static func hostAndPort(_ text: Substring) throws(RedisURLError) -> (String, Int) {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw RedisURLError(.invalidHost) }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { throw RedisURLError(.invalidHost) }
            port = rest.isEmpty ? nil : rest.dropFirst()
            guard host.utf8.contains(UInt8(ascii: ":")) else { throw RedisURLError(.invalidHost) }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let name = try decode(host)
        guard !name.isEmpty else { throw RedisURLError(.missingHost) }
        guard name.utf8.allSatisfy(isHostByte) else { throw RedisURLError(.invalidHost) }
        guard let port else { return (name, RedisEndpoint.defaultPort) }
        guard let number = number(port), (1...65_535).contains(number) else { throw RedisURLError(.invalidPort) }
        return (name, number)
    }

    /// Visible bytes without those that would be part of a misread password.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7f && !"/?#@[]%".utf8.contains(byte)
    }

    private static func database(_ text: Substring) throws(RedisURLError) -> Int {
        guard let number = number(text) else { throw RedisURLError(.invalidDatabase) }
        return number
    }

    /// A number of one to nine digits and nothing else.
    private static func number(_ text: Substring) -> Int? {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy(digits.contains) else { return nil }
        return Int(text)
    }

    /// Undoes percent-encoding. A `+` stays a `+`.
    private static func decode(_ text: Substring) throws(RedisURLError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                throw RedisURLError(.invalidEscape)
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw RedisURLError(.invalidEscape)
        }
        return decoded
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
