import CHiredis
import NIOCore

/// Parses replies, with hiredis' reader.
///
/// hiredis calls back for every node of a reply; the callbacks put it into a ``ReplyTree``, so that no C object is
/// made. Confined to one event loop, like the handler that owns it.
final class ReplyReader {
    private let reader: UnsafeMutablePointer<redisReader>
    private let sink: Sink
    private let maximumReplyBytes: Int
    private var bytesSinceReply = 0

    /// Where the callbacks put what they are given. A class, since C code holds its address.
    fileprivate final class Sink {
        var tree = ReplyTree()
    }

    /// - Parameter maximumReplyBytes: The size of one reply above which it is refused. Up to 64 KiB more can have
    ///   been read by then.
    init(maximumReplyBytes: Int) {
        self.maximumReplyBytes = maximumReplyBytes
        sink = Sink()
        guard let reader = redisReaderCreateWithFunctions(Self.functions) else {
            fatalError("out of memory")
        }
        self.reader = reader
        // Unretained: `self` owns both, and frees the reader before it releases the sink.
        reader.pointee.privdata = Unmanaged.passUnretained(sink).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
    }

    /// Hands over bytes as they came from the network.
    func feed(_ buffer: ByteBuffer) throws(RedisError) {
        bytesSinceReply += buffer.readableBytes
        let result = buffer.withUnsafeReadableBytes { bytes in
            // hiredis copies the bytes.
            redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard result == REDIS_OK else { throw violation() }
    }

    /// Returns the next complete reply, or nil when more bytes are needed.
    func next() throws(RedisError) -> RedisValue? {
        var object: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw violation() }
        guard object != nil else {
            guard bytesSinceReply <= maximumReplyBytes else {
                throw RedisError(
                    code: .protocolViolation, message: "A reply of Redis exceeds \(maximumReplyBytes) bytes.")
            }
            return nil
        }
        // What is left in the reader belongs to the replies after this one.
        bytesSinceReply = reader.pointee.len - reader.pointee.pos
        return sink.tree.take()
    }

    private func violation() -> RedisError {
        let reason = withUnsafeBytes(of: &reader.pointee.errstr) { bytes in
            // A C string in a fixed array: ends at its first zero byte.
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(code: .protocolViolation, message: "What arrived from Redis is not RESP: \(reason).")
    }

    // The callbacks. hiredis only compares the object a callback returns with null, and hands it back to freeObject.
    // Unsafe, for a pointer is not Sendable: allocated once, written before its first use, only read from then on by
    // whatever thread, and never freed.
    private nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(
            to: redisReplyObjectFunctions(
                createString: { task, bytes, length in
                    guard let task else { return nil }
                    let kind: ReplyTree.StringKind =
                        switch task.pointee.type {
                        case REDIS_REPLY_STATUS: .status
                        case REDIS_REPLY_ERROR: .error
                        default: .bulk
                        }
                    ReplyReader.sink(task).tree.append(kind, UnsafeRawBufferPointer(start: bytes, count: length))
                    return ReplyReader.token
                },
                createArray: { task, count in
                    guard let task else { return nil }
                    ReplyReader.sink(task).tree.append(arrayOf: Int(count))
                    return ReplyReader.token
                },
                createInteger: { task, value in
                    guard let task else { return nil }
                    ReplyReader.sink(task).tree.append(integer: value)
                    return ReplyReader.token
                },
                createNil: { task in
                    guard let task else { return nil }
                    ReplyReader.sink(task).tree.appendNull()
                    return ReplyReader.token
                },
                freeObject: { _ in }
            ))
        return functions
    }()

    // An address that is not null; never read through.
    private static var token: UnsafeMutableRawPointer { UnsafeMutableRawPointer(functions) }

    private static func sink(_ task: UnsafePointer<redisReadTask>) -> Sink {
        guard let address = task.pointee.privdata else {
            preconditionFailure("hiredis copies the reader's privdata into every task")
        }
        // The reader that calls is owned by the object that owns the sink.
        return Unmanaged<Sink>.fromOpaque(address).takeUnretainedValue()
    }
}
