import CHiredis
import NIOCore

/// Writes commands in RESP, with hiredis' formatter.
///
/// The words of a command are first laid end to end in a scratch buffer, since Swift lends out the address of each
/// for the length of a closure only, and hiredis wants them all at once.
struct CommandEncoder {
    private var words = ByteBuffer()
    private var lengths: [Int] = []
    private var addresses: [UnsafePointer<CChar>?] = []

    /// A scratch buffer above this size, in bytes, is given back after use.
    private static let keptCapacity = 1 << 20

    /// Adds a word to the command being built.
    mutating func append(_ argument: RedisArgument) {
        let length =
            switch argument {
            case .string(let string): words.writeString(string)
            case .bytes(let buffer): words.writeImmutableBuffer(buffer)
            case .integer(let value): words.writeDecimal(value)
            }
        lengths.append(length)
    }

    /// Adds several words to the command being built.
    mutating func append(_ arguments: [RedisArgument]) {
        for argument in arguments {
            append(argument)
        }
    }

    /// Appends the command to `output` and begins a new one.
    ///
    /// - Returns: The length of the command in bytes, or nil where memory ran out or there was no word.
    mutating func finish(into output: inout ByteBuffer) -> Int? {
        defer { reset() }
        guard !lengths.isEmpty else { return nil }
        return words.withUnsafeReadableBytes { bytes in
            format(bytes, into: &output)
        }
    }

    private mutating func format(_ bytes: UnsafeRawBufferPointer, into output: inout ByteBuffer) -> Int? {
        // An empty buffer may have no address, and hiredis copies nothing from a word of length zero: any address
        // that is not null will do for it.
        let base = bytes.baseAddress ?? Self.placeholder
        var offset = 0
        for length in lengths {
            addresses.append((base + offset).assumingMemoryBound(to: CChar.self))
            offset += length
        }
        var formatted: UnsafeMutablePointer<CChar>?
        // The addresses point into `bytes`, which outlives the call; hiredis copies the words and keeps no address.
        let size = redisFormatCommandArgv(&formatted, CInt(lengths.count), &addresses, lengths)
        guard size > 0, let formatted else { return nil }
        output.writeBytes(UnsafeRawBufferPointer(start: formatted, count: Int(size)))
        redisFreeCommand(formatted)
        return Int(size)
    }

    /// Forgets the command being built.
    mutating func discard() {
        reset()
    }

    private mutating func reset() {
        lengths.removeAll(keepingCapacity: true)
        addresses.removeAll(keepingCapacity: true)
        if words.capacity > Self.keptCapacity {
            words = ByteBuffer()
        } else {
            words.clear()
        }
    }

    // Never read through and never freed; immutable after its creation.
    private nonisolated(unsafe) static let placeholder = UnsafeRawPointer(
        UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
}

extension ByteBuffer {
    /// Writes an integer as decimal digits, without a string in between.
    fileprivate mutating func writeDecimal(_ value: Int) -> Int {
        if (0...9).contains(value) {
            return writeInteger(UInt8(ascii: "0") + UInt8(value))
        }
        return writeString(String(value))
    }
}
