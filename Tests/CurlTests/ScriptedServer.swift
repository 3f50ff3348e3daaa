import Foundation
import Glibc
import Synchronization

/// A TCP server on the loopback interface that does to each connection what a test says, on a thread of its own.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let count = Atomic(0)

    /// Begins to accept. `script` gets each connection and its number, from 0; the connection is closed after it.
    init(_ script: @escaping @Sendable (ScriptedConnection, Int) -> Void) throws {
        (listener, port) = try Self.listen()
        let listener = listener
        let thread = Thread { [weak self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0, let number = self?.count.add(1, ordering: .relaxed).oldValue else { break }
                let connection = ScriptedConnection(descriptor)
                let thread = Thread {
                    script(connection, number)
                    connection.close()
                }
                thread.start()
            }
            Glibc.close(listener)
        }
        thread.start()
    }

    // shutdown(2) makes accept(2) in the other thread return, and that thread closes the descriptor.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// Answers every request on a connection with the same bytes.
    static func answering(_ answer: String) throws -> ScriptedServer {
        try ScriptedServer { connection, _ in
            while connection.readRequest() != nil { connection.write(answer) }
        }
    }

    /// How many connections were accepted.
    var connections: Int { count.load(ordering: .relaxed) }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// A port on which nothing listens, as far as that can be known.
    static func closedPort() throws -> UInt16 {
        let (listener, port) = try listen()
        Glibc.close(listener)
        return port
    }

    private static func listen() throws -> (Int32, UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isReady = withUnsafeMutableBytes(of: &address) { bytes in
            // sockaddr is the header that all address types of socket(7) begin with.
            guard let address = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            return bind(listener, address, length) == 0 && Glibc.listen(listener, 1024) == 0
                && getsockname(listener, address, &length) == 0
        }
        guard isReady else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return (listener, UInt16(bigEndian: address.sin_port))
    }
}

/// A request as it came over the wire.
struct ReceivedRequest: Sendable {
    var head: String
    var body: [UInt8]

    var lines: [String] { head.components(separatedBy: "\r\n") }

    /// The values of a header field, in any case.
    func values(_ name: String) -> [String] {
        lines.dropFirst().filter { $0.lowercased().hasPrefix(name + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}

/// One accepted connection; to be used by the thread of its script.
final class ScriptedConnection: Sendable {
    private let descriptor: Int32
    private let buffered = Mutex<[UInt8]>([])

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// The next request, or nil once the peer has closed.
    func readRequest() -> ReceivedRequest? {
        var bytes = buffered.withLock { $0 }
        let separator = Array("\r\n\r\n".utf8)
        var headEnd = bytes.firstRange(of: separator)
        while headEnd == nil {
            guard readMore(&bytes) else { return nil }
            headEnd = bytes.firstRange(of: separator)
        }
        guard let headEnd else { return nil }
        var request = ReceivedRequest(head: String(decoding: bytes[..<headEnd.lowerBound], as: UTF8.self), body: [])
        let length = request.values("content-length").first.flatMap { Int($0) } ?? 0
        while bytes.count < headEnd.upperBound + length {
            guard readMore(&bytes) else { return nil }
        }
        request.body = Array(bytes[headEnd.upperBound..<headEnd.upperBound + length])
        buffered.withLock { $0 = Array(bytes[(headEnd.upperBound + length)...]) }
        return request
    }

    /// Reads something and forgets it.
    func readSome() {
        var bytes: [UInt8] = []
        _ = readMore(&bytes)
    }

    /// Reads and forgets until the peer closes.
    func readToEnd() {
        var bytes: [UInt8] = []
        while readMore(&bytes) { bytes = [] }
    }

    /// - Returns: whether the system took it all.
    @discardableResult
    func write(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let flags = Int32(MSG_NOSIGNAL)
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Makes the close that follows send RST instead of FIN.
    func resetOnClose() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    }

    /// Sends FIN; what has arrived can still be read.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    fileprivate func close() { Glibc.close(descriptor) }

    private func readMore(_ bytes: inout [UInt8]) -> Bool {
        var block = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &block, block.count, 0)
        guard count > 0 else { return false }
        bytes.append(contentsOf: block.prefix(count))
        return true
    }
}
