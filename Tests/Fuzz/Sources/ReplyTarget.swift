import NIOCore

@testable import Redis

/// What comes from Redis. An input is a stream of replies.
enum ReplyTarget {
    private struct Outcome: Equatable {
        var replies: [RedisValue] = []
        var isRefused = false
    }

    /// hiredis refuses arrays that are nested deeper.
    private static let maximumDepth = 8

    static func run(_ input: [UInt8]) {
        let whole = read([input[...]])
        require(whole == read(input.pieces), "how a stream is cut changes nothing")
        _ = read(input.pieces, maximumReplyBytes: 64)
        for reply in whole.replies where isPlain(reply, depth: 0) {
            var written: [UInt8] = []
            write(reply, to: &written)
            require(read([written[...]]).replies == [reply], "a reply that is written again reads the same")
        }
    }

    private static func read(_ pieces: [ArraySlice<UInt8>], maximumReplyBytes: Int = 1 << 20) -> Outcome {
        let reader = ReplyReader(maximumReplyBytes: maximumReplyBytes)
        var outcome = Outcome()
        do throws(RedisError) {
            for piece in pieces {
                try reader.feed(ByteBuffer(bytes: piece))
                while let reply = try reader.next() { outcome.replies.append(reply) }
            }
        } catch {
            require(error.code == .protocolViolation, "what is no reply violates the protocol: \(error)")
            outcome.isRefused = true
        }
        return outcome
    }

    /// Whether a reply holds no error, of which only a part is kept.
    private static func isPlain(_ reply: RedisValue, depth: Int) -> Bool {
        require(depth <= maximumDepth, "arrays are nested \(depth) deep")
        return switch reply {
        case .error: false
        case .array(let elements): elements.allSatisfy { isPlain($0, depth: depth + 1) }
        // What is not UTF-8 was replaced; the text of a status is the server's own.
        case .status(let text): !text.unicodeScalars.contains("\u{FFFD}")
        case .null, .integer, .bulk: true
        }
    }

    private static func write(_ reply: RedisValue, to bytes: inout [UInt8]) {
        switch reply {
        case .null: bytes += "$-1\r\n".utf8
        case .integer(let number): bytes += ":\(number)\r\n".utf8
        case .status(let text): bytes += "+\(text)\r\n".utf8
        case .bulk(let buffer):
            bytes += "$\(buffer.readableBytes)\r\n".utf8
            bytes += buffer.readableBytesView
            bytes += "\r\n".utf8
        case .array(let elements):
            bytes += "*\(elements.count)\r\n".utf8
            for element in elements { write(element, to: &bytes) }
        case .error: break
        }
    }
}
