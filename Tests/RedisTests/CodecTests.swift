import NIOCore
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(1))) struct CodecTests {
    @Test(arguments: [
        (["PING"] as [RedisArgument], "*1\r\n$4\r\nPING\r\n"),
        (["SET", "k", ""], "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n"),
        ([""], "*1\r\n$0\r\n\r\n"),
        ([.joined("a:", "é"), .joined("", "")], "*2\r\n$4\r\na:\u{c3}\u{a9}\r\n$0\r\n\r\n"),
        (["X", 0, 9, 10, -1], "*5\r\n$1\r\nX\r\n$1\r\n0\r\n$1\r\n9\r\n$2\r\n10\r\n$2\r\n-1\r\n"),
        ([99, 100, -10], "*3\r\n$2\r\n99\r\n$3\r\n100\r\n$3\r\n-10\r\n"),
        ([.integer(.min)], "*1\r\n$20\r\n-9223372036854775808\r\n"),
        ([.bytes(ByteBuffer(bytes: [0, 13, 10, 255]))], "*1\r\n$4\r\n\0\r\n\u{ff}\r\n"),
    ])
    func encoding(command: [RedisArgument], expected: String) {
        var output = ByteBuffer()
        let bound = command.reduce(ByteWriter.maximumFraming) { $0 + $1.lengthBound + ByteWriter.maximumFraming }
        let written = output.write(atMost: bound) { writer in
            writer.writeCommand(words: command.count)
            for word in command { writer.writeWord(word) }
        }
        #expect(written == expected.unicodeScalars.count)
        #expect(Array(output.readableBytesView) == expected.unicodeScalars.map { UInt8($0.value) })
    }

    static let replies: [(String, RedisValue)] = [
        ("+OK\r\n", .status("OK")),
        (":-7\r\n", .integer(-7)),
        (":9223372036854775807\r\n", .integer(.max)),
        ("$-1\r\n", .null),
        ("*-1\r\n", .null),
        ("$0\r\n\r\n", .bulk(ByteBuffer())),
        ("$5\r\na\r\n\0b\r\n", .bulk(ByteBuffer(string: "a\r\n\0b"))),
        ("*0\r\n", .array([])),
        ("-OOM too much\r\n", .error(RedisServerError(prefix: "OOM", message: "too much"))),
        (
            "*4\r\n:1\r\n*2\r\n$1\r\nx\r\n*0\r\n-ERR no\r\n$-1\r\n",
            .array([
                .integer(1), .array([.bulk(ByteBuffer(string: "x")), .array([])]),
                .error(RedisServerError(prefix: "ERR", message: "no")), .null,
            ])
        ),
    ]

    @Test(arguments: [1, 2, 3, 1000])
    func decodingInPieces(pieceLength: Int) throws {
        let reader = ReplyReader(maximumReplyBytes: 1000)
        var wire = ByteBuffer(string: Self.replies.map(\.0).joined())
        var decoded: [RedisValue] = []
        while wire.readableBytes > 0 {
            let piece = wire.readSlice(length: min(pieceLength, wire.readableBytes))
            try reader.feed(#require(piece))
            while let value = try reader.next() { decoded.append(value) }
        }
        #expect(decoded == Self.replies.map(\.1))
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "\0", "$-2\r\n", "$999999999999999999999\r\n", ":x\r\n", "*-5\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n",
    ])
    func garbage(wire: String) throws {
        let reader = ReplyReader(maximumReplyBytes: 1000)
        let error = #expect(throws: RedisError.self) {
            try reader.feed(ByteBuffer(string: wire))
            #expect(try reader.next() == nil)
        }
        #expect(error?.code == .protocolViolation)
    }

    @Test func oversizedReply() throws {
        let reader = ReplyReader(maximumReplyBytes: 100)
        try reader.feed(ByteBuffer(string: "$1000\r\n" + String(repeating: "x", count: 90)))
        #expect(try reader.next() == nil)
        try reader.feed(ByteBuffer(string: "xxxx"))
        #expect(throws: RedisError.self) { try reader.next() }
    }

    @Test func manySmallRepliesAreNotOneLargeReply() throws {
        let reader = ReplyReader(maximumReplyBytes: 100)
        for _ in 0..<100 {
            try reader.feed(ByteBuffer(string: "+OK\r\n+OK\r\n$6\r\nab"))
            #expect(try reader.next() == .status("OK"))
            #expect(try reader.next() == .status("OK"))
            #expect(try reader.next() == nil)
            try reader.feed(ByteBuffer(string: "cdef\r\n"))
            #expect(try reader.next() == .bulk(ByteBuffer(string: "abcdef")))
        }
    }

    @Test(arguments: [
        ("NOSCRIPT No matching script.", "NOSCRIPT", "No matching script."),
        ("ONCEGATE_FULL", "ONCEGATE_FULL", ""),
        ("something odd", "ERR", "something odd"),
        ("", "ERR", ""),
        (
            "ERR unknown command 'foo', with args beginning with: 'jane@example.com' ", "ERR",
            "unknown command 'foo'"
        ),
    ])
    func serverErrors(line: String, prefix: String, message: String) {
        #expect(RedisServerError(line: line.utf8) == RedisServerError(prefix: prefix, message: message))
    }

    @Test func accessors() {
        #expect(RedisValue.bulk(ByteBuffer(string: "12")).integer == 12)
        #expect(RedisValue.bulk(ByteBuffer(string: "x")).integer == nil)
        #expect(RedisValue.status("OK").string == "OK")
        #expect(RedisValue.status("OK").bytes == ByteBuffer(string: "OK"))
        #expect(RedisValue.array([.null]).array == [.null])
        #expect(RedisValue.integer(1).array == nil)
        #expect(RedisValue.null.isNull && !RedisValue.integer(0).isNull)
    }
}
