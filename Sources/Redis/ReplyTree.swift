import NIOCore

/// A reply while it is being parsed: its nodes in the order in which they arrive, and one buffer for all its bytes.
///
/// A reply of a single integer allocates nothing; any other one buffer, and an array for each array in it.
struct ReplyTree {
    private enum Node {
        case null
        case integer(Int64)
        case status(Range<Int>)
        case bulk(Range<Int>)
        case error(Range<Int>)
        case array(count: Int)
    }

    /// What the bytes of a string reply stand for.
    enum StringKind {
        case status, bulk, error
    }

    private var nodes: [Node] = []
    private var storage = ByteBuffer()
    private var next = 0

    mutating func appendNull() {
        nodes.append(.null)
    }

    mutating func append(integer: Int64) {
        nodes.append(.integer(integer))
    }

    mutating func append(arrayOf count: Int) {
        nodes.append(.array(count: count))
    }

    mutating func append(_ kind: StringKind, _ bytes: UnsafeRawBufferPointer) {
        let start = storage.writerIndex
        storage.writeBytes(bytes)
        let range = start..<storage.writerIndex
        switch kind {
        case .status: nodes.append(.status(range))
        case .bulk: nodes.append(.bulk(range))
        case .error: nodes.append(.error(range))
        }
    }

    /// Returns the complete reply and begins a new one.
    mutating func take() -> RedisValue {
        next = 0
        let value = takeNext()
        nodes.removeAll(keepingCapacity: true)
        // Reuses the bytes if no value refers to them, else leaves them to the values.
        storage.clear()
        return value
    }

    private mutating func takeNext() -> RedisValue {
        // The parser reports a reply as complete only when every announced element has arrived.
        precondition(next < nodes.count, "incomplete reply")
        let node = nodes[next]
        next += 1
        switch node {
        case .null: return .null
        case .integer(let value): return .integer(value)
        case .status(let range): return .status(text(range))
        case .error(let range): return .error(RedisServerError(line: storage.viewOrEmpty(range)))
        case .bulk(let range): return .bulk(storage.getSlice(at: range.lowerBound, length: range.count) ?? ByteBuffer())
        case .array(let count):
            var elements: [RedisValue] = []
            elements.reserveCapacity(count)
            for _ in 0..<count {
                elements.append(takeNext())
            }
            return .array(elements)
        }
    }

    private func text(_ range: Range<Int>) -> String {
        storage.getString(at: range.lowerBound, length: range.count) ?? ""
    }
}

extension ByteBuffer {
    fileprivate func viewOrEmpty(_ range: Range<Int>) -> ByteBufferView {
        viewBytes(at: range.lowerBound, length: range.count) ?? ByteBufferView()
    }
}
