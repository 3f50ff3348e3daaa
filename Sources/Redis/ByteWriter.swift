import NIOCore

/// Writes bytes one behind the other into memory that was measured before.
///
/// A `ByteBuffer` looks at its storage anew for each write, which for the many words of a command that have a few bytes
/// each costs more than writing them.
package struct ByteWriter {
    // Only ``ByteBuffer/write(atMost:_:)`` makes one, and the memory outlives the closure that it is given to. Each write
    // checks that it fits.
    private let memory: UnsafeMutableRawBufferPointer
    /// How many bytes have been written.
    fileprivate var count = 0

    fileprivate init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    /// Writes a byte.
    @inline(__always)
    package mutating func write(_ byte: UInt8) {
        precondition(count < memory.count, "the bytes are within the measure")
        memory[count] = byte
        count += 1
    }

    /// Writes bytes.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= memory.count - count, "the bytes are within the measure")
        guard let source = bytes.baseAddress, let base = memory.baseAddress else { return }
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    /// Writes text as UTF-8.
    package mutating func write(_ text: String) {
        // Only a text that does not lie in one piece is written byte by byte.
        if text.utf8.withContiguousStorageIfAvailable({ write(UnsafeRawBufferPointer($0)) }) == nil {
            for byte in text.utf8 { write(byte) }
        }
    }

    /// Writes the readable bytes of a buffer.
    package mutating func write(_ buffer: ByteBuffer) {
        buffer.withUnsafeReadableBytes { write($0) }
    }

    /// Writes a number in decimal digits, at most ``maximumDigits``.
    package mutating func write(decimal value: Int) {
        if value < 0 { write(UInt8(ascii: "-")) }
        let start = count
        var rest = value.magnitude
        repeat {
            write(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        memory[start..<count].reverse()
    }

    /// The length of `Int.min` in decimal digits, with its sign.
    package static let maximumDigits = 20
}

extension ByteBuffer {
    /// Has bytes written behind those that are there.
    /// - Parameters:
    ///   - bound: how many bytes there will be at the most; a write beyond it ends the program.
    ///   - write: what writes them.
    /// - Returns: how many bytes were written.
    @discardableResult
    package mutating func write(atMost bound: Int, _ write: (inout ByteWriter) -> Void) -> Int {
        writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { memory in
            var writer = ByteWriter(UnsafeMutableRawBufferPointer(rebasing: memory[..<bound]))
            write(&writer)
            return writer.count
        }
    }
}
