import Testing

/// Bytes that a hostile or broken sender could put on a connection, and what must come of them.
struct HostileCase: Sendable, CustomTestStringConvertible {
    /// What must come back.
    enum Answer: Sendable, Equatable {
        /// This status, and the end of the connection: what follows is not read.
        case ends(Int)
        /// This status, and the connection goes on with what follows.
        case goesOn(Int)
    }

    let name: String
    let bytes: [UInt8]
    let answer: Answer

    var testDescription: String { name }

    private static let path = GatewayProcess.path

    /// - Parameters:
    ///   - line: the request line.
    ///   - host: the lines before the headers.
    private init(
        _ name: String, _ answer: Answer, line: String = "POST \(path) HTTP/1.1", host: String = "host: a\r\n",
        _ headers: String = "content-length: 0\r\n", body: String = ""
    ) {
        self.init(name, answer, raw: "\(line)\r\n\(host)\(headers)\r\n\(body)")
    }

    /// - Parameter raw: Latin-1 text, so that every byte can be written.
    private init(_ name: String, _ answer: Answer, raw: String) {
        self.name = name
        self.answer = answer
        bytes = raw.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    static let all = lengths + codings + chunks + lines + fields + targets + methods + hosts + sizes

    private static let lengths = [
        HostileCase("CL and TE", .ends(400), "content-length: 5\r\ntransfer-encoding: chunked\r\n", body: "0\r\n\r\n"),
        HostileCase("TE and CL", .ends(400), "transfer-encoding: chunked\r\ncontent-length: 5\r\n", body: "0\r\n\r\n"),
        HostileCase("two CL that agree", .ends(400), "content-length: 0\r\ncontent-length: 0\r\n"),
        HostileCase("two CL that do not", .ends(400), "content-length: 0\r\ncontent-length: 1\r\n", body: "x"),
        HostileCase("CL as a list", .ends(400), "content-length: 0, 0\r\n"),
        HostileCase("CL with a plus", .ends(400), "content-length: +1\r\n", body: "x"),
        HostileCase("CL below zero", .ends(400), "content-length: -1\r\n", body: "x"),
        HostileCase("CL in hexadecimal", .ends(400), "content-length: 0x1\r\n", body: "x"),
        HostileCase("CL that is empty", .ends(400), "content-length:\r\n"),
        HostileCase("CL of two numbers", .ends(400), "content-length: 1 1\r\n", body: "xxxxxxxxxxx"),
        HostileCase("CL and a space before the colon", .ends(400), "content-length : 1\r\n", body: "x"),
        HostileCase("CL beyond 64 bits", .ends(400), "content-length: 18446744073709551617\r\n", body: "x"),
        HostileCase("CL in other digits", .ends(400), "content-length: \u{D9}\u{A1}\r\n", body: "x"),
    ]

    private static let codings =
        [
            "identity", "gzip, chunked", "chunked, identity", "chunked, chunked", "xchunked", "\"chunked\"",
            "chunked;q=1",
        ]
        .map { HostileCase("TE: \($0)", .ends(400), "transfer-encoding: \($0)\r\n", body: "0\r\n\r\n") } + [
            HostileCase("TE: ", .ends(400), "transfer-encoding: \r\n"),
            HostileCase("TE: chunked,", .ends(400), "transfer-encoding: chunked,\r\n", body: "0\r\n\r\n"),
            HostileCase("TE: ,chunked", .ends(400), "transfer-encoding: ,chunked\r\n", body: "0\r\n\r\n"),
            HostileCase(
                "TE behind a vertical tab", .ends(400), "transfer-encoding: \u{B}chunked\r\n", body: "0\r\n\r\n"),
            HostileCase(
                "TE and a space before the colon", .ends(400), "transfer-encoding : chunked\r\n", body: "0\r\n\r\n"),
            HostileCase(
                "TE twice", .ends(400), "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
                body: "0\r\n\r\n"),
            HostileCase(
                "TE identity, then TE chunked", .ends(400),
                "transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n",
                body: "0\r\n\r\n"),
            HostileCase(
                "TE in HTTP/1.0", .ends(400), line: "POST \(path) HTTP/1.0", "transfer-encoding: chunked\r\n",
                body: "0\r\n\r\n"),
            HostileCase("TE in capitals", .goesOn(400), "TRANSFER-ENCODING: CHUNKED\r\n", body: "0\r\n\r\n"),
        ]

    private static let chunks =
        [
            ("no size", "\r\n0\r\n\r\n"), ("a size with 0x", "0x1\r\na\r\n0\r\n\r\n"),
            ("a size below zero", "-1\r\na\r\n"),
            ("a size with a plus", "+1\r\na\r\n0\r\n\r\n"), ("a space before the size", " 1\r\na\r\n0\r\n\r\n"),
            ("a space behind the size", "1 \r\na\r\n0\r\n\r\n"),
            ("a size beyond 64 bits", "10000000000000001\r\na\r\n"),
            ("a size that is no number", "g\r\na\r\n0\r\n\r\n"), ("a bare LF behind the size", "1\na\r\n0\r\n\r\n"),
            ("a bare LF behind the data", "1\r\na\n0\r\n\r\n"), ("nothing behind the data", "1\r\na0\r\n\r\n"),
            ("more data than the size says", "1\r\nab\r\n0\r\n\r\n"),
            ("a bare LF in an extension", "1;a=b\na\r\n0\r\n\r\n"),
            ("NUL in an extension", "1;a\0=b\r\na\r\n0\r\n\r\n"), ("a bare LF at the end", "0\n\n"),
            ("a length in the trailer", "0\r\ncontent-length: 5\r\n\r\n"),
            ("a broken trailer", "0\r\nsv ix: a\r\n\r\n"),
        ].map { HostileCase("chunked: \($0.0)", .ends(400), "transfer-encoding: chunked\r\n", body: $0.1) } + [
            HostileCase(
                "chunked: an extension", .goesOn(400), "transfer-encoding: chunked\r\n", body: "1;a=b\r\na\r\n0\r\n\r\n"
            ),
            HostileCase(
                "chunked: the signature's headers in the trailer", .goesOn(400), "transfer-encoding: chunked\r\n",
                body: "0\r\nsvix-id: a\r\nsvix-timestamp: 1\r\nsvix-signature: v1,a\r\n\r\n"),
        ]

    private static let lines = [
        HostileCase("LF alone everywhere", .ends(400), raw: "POST \(path) HTTP/1.1\nhost: a\ncontent-length: 0\n\n"),
        HostileCase("LF alone behind the request line", .ends(400), raw: "POST \(path) HTTP/1.1\nhost: a\r\n\r\n"),
        HostileCase("LF alone behind a header", .ends(400), "x: a\ncontent-length: 0\r\n"),
        HostileCase("LF alone at the end", .ends(400), raw: "POST \(path) HTTP/1.1\r\nhost: a\r\n\n"),
        HostileCase("CR alone in a header", .ends(400), "x: a\rb\r\n"),
        HostileCase("CR twice", .ends(400), "x: a\r\r\n"),
        HostileCase("a folded header", .ends(400), "x: a\r\n b\r\n"),
        HostileCase("a header folded with a tab", .ends(400), "x: a\r\n\tb\r\n"),
        HostileCase("a folded line before all headers", .ends(400), host: " x: a\r\nhost: a\r\n"),
        HostileCase("a space before the request", .ends(400), raw: " POST \(path) HTTP/1.1\r\nhost: a\r\n\r\n"),
        HostileCase(
            "empty lines before the request", .goesOn(400),
            raw: "\r\n\r\nPOST \(path) HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n"),
        HostileCase("TLS where there is none", .ends(400), raw: "\u{16}\u{3}\u{1}\0\u{C8}\u{1}\0\0\u{C4}\u{3}\u{3}"),
    ]

    private static let fields = [
        HostileCase("NUL in a value", .ends(400), "x: a\0b\r\n"),
        HostileCase("a control character in a value", .ends(400), "x: a\u{1}b\r\n"),
        HostileCase("DEL in a value", .ends(400), "x: a\u{7F}b\r\n"),
        HostileCase("NUL in a name", .ends(400), "x\0: a\r\n"),
        HostileCase("a name beyond ASCII", .ends(400), "x\u{FF}: a\r\n"),
        HostileCase("no name", .ends(400), ": a\r\n"),
        HostileCase("no colon", .ends(400), "xyz\r\n"),
        HostileCase("a space in a name", .ends(400), "x y: a\r\n"),
        HostileCase("a value beyond ASCII", .goesOn(400), "x: a\u{FF}b\r\ncontent-length: 0\r\n"),
        HostileCase("an expectation that nobody knows", .goesOn(400), "expect: the-best\r\ncontent-length: 0\r\n"),
    ]

    private static let targets =
        [
            "http://a\(path)", "https://a\(path)", "a:80", "*", "\(path)#x", "\(path)\u{FF}", "\(path)\u{1}",
            "\(path)\0", "",
        ].map { HostileCase("target: \($0)", .ends(400), line: "POST \($0) HTTP/1.1") } + [
            HostileCase("target: dots", .goesOn(404), line: "POST /x/..\(path) HTTP/1.1"),
            HostileCase("target: percent-encoded", .goesOn(404), line: "POST /webhooks%2Fclerk HTTP/1.1"),
            HostileCase("target: two slashes", .goesOn(404), line: "POST /\(path) HTTP/1.1"),
        ]

    private static let methods = [
        HostileCase("method in lower case", .ends(400), line: "post \(path) HTTP/1.1"),
        HostileCase("a method that nobody knows", .ends(400), line: "FOO \(path) HTTP/1.1"),
        HostileCase("a tab in the request line", .ends(400), line: "POST\t\(path) HTTP/1.1"),
        HostileCase("a space behind the version", .ends(400), line: "POST \(path) HTTP/1.1 "),
        HostileCase("no version", .ends(400), line: "POST \(path)"),
        HostileCase("HTTP/0.9", .ends(400), line: "POST \(path) HTTP/0.9"),
        HostileCase("HTTP/1.2", .ends(400), line: "POST \(path) HTTP/1.2"),
        HostileCase("HTTP/2.0", .ends(400), line: "POST \(path) HTTP/2.0"),
        HostileCase("the preface of HTTP/2", .ends(400), raw: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        HostileCase("CONNECT", .ends(400), line: "CONNECT a:80 HTTP/1.1", ""),
        HostileCase("TRACE", .goesOn(405), line: "TRACE \(path) HTTP/1.1", ""),
        HostileCase("OPTIONS", .goesOn(405), line: "OPTIONS \(path) HTTP/1.1"),
        HostileCase("OPTIONS of everything", .goesOn(404), line: "OPTIONS * HTTP/1.1"),
        HostileCase(
            "GET with a body", .goesOn(405), line: "GET \(path) HTTP/1.1", "content-length: 5\r\n", body: "hello"),
        HostileCase(
            "an offer to upgrade", .ends(400), "connection: upgrade\r\nupgrade: websocket\r\ncontent-length: 0\r\n"),
    ]

    private static let hosts = [
        HostileCase("no host", .ends(400), host: ""),
        HostileCase("two hosts", .ends(400), host: "host: a\r\nhost: b\r\n"),
        HostileCase("the same host twice", .ends(400), host: "host: a\r\nHost: a\r\n"),
        HostileCase("a host with a space", .ends(400), host: "host: a b\r\n"),
        HostileCase("a host with a path", .ends(400), host: "host: a/b\r\n"),
        HostileCase("a host with a user", .ends(400), host: "host: u@a\r\n"),
        HostileCase("an empty host", .goesOn(400), host: "host:\r\n"),
        HostileCase("no host in HTTP/1.0", .ends(400), line: "POST \(path) HTTP/1.0", host: ""),
    ]

    private static let sizes = [
        HostileCase("a target of 9,000 bytes", .ends(414), line: "POST \(path)?\(long(9000)) HTTP/1.1"),
        HostileCase("a target of 40,000 bytes", .ends(431), line: "POST \(path)?\(long(40_000)) HTTP/1.1"),
        HostileCase("a header of 40,000 bytes", .ends(431), "x: \(long(40_000))\r\n"),
        HostileCase("a name of 40,000 bytes", .ends(431), "\(long(40_000)): x\r\n"),
        HostileCase("a thousand headers", .ends(431), (0..<1000).map { "x\($0): 1\r\n" }.joined()),
        HostileCase("a header of spaces without end", .ends(431), raw: "POST / HTTP/1.1\r\nx:" + long(900_000, " ")),
        HostileCase(
            "a thousand trailers", .ends(431), "transfer-encoding: chunked\r\n",
            body: "0\r\n" + (0..<1000).map { "x\($0): 1\r\n" }.joined()),
        HostileCase(
            "a chunk extension without end", .ends(413), "transfer-encoding: chunked\r\n",
            body: "1;a=" + long(1_500_000)),
        HostileCase(
            "zeros before the size of a chunk without end", .ends(413), "transfer-encoding: chunked\r\n",
            body: long(1_500_000, "0")),
        HostileCase("a body that says it is long", .ends(413), "content-length: 65537\r\n"),
        HostileCase(
            "a body of one chunk that says it is long", .ends(413), "transfer-encoding: chunked\r\n",
            body: "20000\r\n" + long(131_072) + "\r\n"),
        HostileCase(
            "a body in chunks of one byte", .goesOn(400), "transfer-encoding: chunked\r\n",
            body: long(2000, "1\r\nx\r\n") + "0\r\n\r\n"),
    ]

    private static func long(_ count: Int, _ text: String = "x") -> String {
        String(repeating: text, count: count)
    }
}
