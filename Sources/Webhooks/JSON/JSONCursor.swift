/// A walk over the members of one object, or the elements of one array, of a validated text.
///
/// The cursor holds offsets only, and is given the bytes at each step: it allocates nothing and keeps nothing alive. On
/// bytes that were never validated its results mean nothing, but it ends and stays within the bytes.
struct JSONCursor {
    private var position: Int
    private let isObject: Bool

    /// A cursor before the first entry of the object or array at an offset; nil for any other value.
    init?(at offset: Int, in bytes: RawSpan) {
        switch bytes.byte(offset) {
        case UInt8(ascii: "{"): isObject = true
        case UInt8(ascii: "["): isObject = false
        default: return nil
        }
        position = offset + 1
    }

    /// The next entry, or nil behind the last one.
    /// - Returns: the range of the value, and that of the key with its quotes (empty in an array).
    mutating func next(in bytes: RawSpan) -> (key: Range<Int>, value: Range<Int>)? {
        position = bytes.skippingWhiteSpace(position)
        if bytes.byte(position) == UInt8(ascii: ",") { position = bytes.skippingWhiteSpace(position + 1) }
        switch bytes.byte(position) {
        case UInt8(ascii: "}"), UInt8(ascii: "]"), 0: return nil
        default: break
        }
        let keyStart = position
        var keyEnd = position
        if isObject {
            keyEnd = bytes.endOfString(position)
            position = bytes.skippingWhiteSpace(bytes.skippingWhiteSpace(keyEnd) + 1)
        }
        guard position < bytes.byteCount else { return nil }
        let start = position
        position = bytes.endOfValue(position)
        return (keyStart..<keyEnd, start..<position)
    }
}

extension RawSpan {
    /// The offset behind the string that begins at an offset.
    func endOfString(_ offset: Int) -> Int {
        var offset = offset + 1
        while offset < byteCount {
            offset = endOfPlainRun(offset)
            switch byte(offset) {
            case UInt8(ascii: "\""): return offset + 1
            case UInt8(ascii: "\\"): offset += 2
            default: offset += 1
            }
        }
        return byteCount
    }

    /// The offset behind the value that begins at an offset, always beyond it and within the bytes.
    fileprivate func endOfValue(_ offset: Int) -> Int {
        switch byte(offset) {
        case UInt8(ascii: "\""): endOfString(offset)
        case UInt8(ascii: "{"), UInt8(ascii: "["): endOfContainer(offset)
        default: endOfScalar(offset)
        }
    }

    private func endOfContainer(_ offset: Int) -> Int {
        var offset = offset
        var depth = 0
        while offset < byteCount {
            switch byte(offset) {
            case UInt8(ascii: "\""):
                offset = endOfString(offset)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0 { return offset + 1 }
            default: break
            }
            offset += 1
        }
        return byteCount
    }

    private func endOfScalar(_ offset: Int) -> Int {
        var offset = offset + 1
        while offset < byteCount {
            switch byte(offset) {
            case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"): return offset
            case let byte where byte.isWhiteSpace: return offset
            default: offset += 1
            }
        }
        return offset
    }
}
