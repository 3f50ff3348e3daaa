import CCurl

/// What the callbacks of a transfer have learnt so far.
struct TransferProgress {
    /// Whether the request goes over TLS.
    var isSecure = false
    /// The moment after which the request may not be written any more.
    var sendBy: ContinuousClock.Instant?
    /// How much of the body is kept, and how much is read, in bytes.
    var keptBodyBytes = HTTPResponse.maximumBodyPrefixBytes
    var maximumBodyBytes = HTTPResponse.maximumBodyBytes
    /// Whether libcurl was about to write the request when its time was over.
    var wasTooLate = false
    /// How often libcurl was about to write the request.
    var starts = 0
    /// Whether libcurl wanted to write the request again although a byte of it had gone out before.
    var resendRefused = false
    /// Whether the headers of the final answer have arrived to their end.
    var headersComplete = false
    var headerBytes = 0
    var bodyBytes = 0
    /// The status of the header section under way; 1xx sections come before the final one.
    var status = 0
    var retryAfter: String?
    var bodyPrefix: [UInt8] = []

    /// Takes a line of a header section or of trailers, its line end included.
    /// - Returns: whether to go on.
    mutating func takeHeader(_ line: UnsafeBufferPointer<UInt8>) -> Bool {
        headerBytes += line.count
        guard headerBytes <= HTTPResponse.maximumHeaderBytes else { return false }
        guard !headersComplete else { return true }
        if line.first == UInt8(ascii: "\r") || line.first == UInt8(ascii: "\n") {
            headersComplete = status >= 200
        } else if line.starts(with: "HTTP/".utf8) {
            status = Self.status(line)
            retryAfter = nil
        } else if status >= 200 {
            if let value = Self.value(of: "retry-after", in: line) { retryAfter = Self.usable(value) }
        }
        return true
    }

    /// Takes a piece of the body.
    /// - Returns: whether to go on.
    mutating func takeBody(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bodyBytes += bytes.count
        let room = keptBodyBytes - bodyPrefix.count
        if room > 0 { bodyPrefix.append(contentsOf: bytes.prefix(room)) }
        return bodyBytes <= maximumBodyBytes
    }

    // "HTTP/1.1 200 OK" and "HTTP/2 200": libcurl has checked the form before it hands the line over.
    private static func status(_ line: UnsafeBufferPointer<UInt8>) -> Int {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return 0 }
        let digits = line[(space + 1)...].drop { $0 == UInt8(ascii: " ") }.prefix(3)
        return digits.reduce(0) { $0 * 10 + Int($1) - Int(UInt8(ascii: "0")) }
    }

    private static func value(
        of name: StaticString, in line: UnsafeBufferPointer<UInt8>
    ) -> Slice<UnsafeBufferPointer<UInt8>>? {
        let length = name.utf8CodeUnitCount
        guard line.count > length, line[length] == UInt8(ascii: ":") else { return nil }
        let isSame = name.withUTF8Buffer { expected in
            line.prefix(length).elementsEqual(expected) { $0 == $1 || $0 | 0x20 == $1 }
        }
        return isSame ? line[(length + 1)...] : nil
    }

    private static func usable(_ value: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        let blanks = " \t\r\n".utf8
        let trimmed = value.drop { blanks.contains($0) }
        guard let end = trimmed.lastIndex(where: { !blanks.contains($0) }) else { return nil }
        let text = trimmed[...end]
        guard text.count <= HTTPResponse.maximumRetryAfterBytes, text.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            return nil
        }
        return String(decoding: text, as: UTF8.self)
    }
}

// The callbacks run inside curl_multi_perform on the loop's thread. `context` is the EasyHandle that set it, alive for
// as long as its easy handle is.

/// CURLOPT_WRITEFUNCTION(3): taking less than was given ends the transfer with CURLE_WRITE_ERROR.
func receiveBody(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    received(bytes, size * count, context) { progress, bytes in progress.takeBody(bytes) }
}

/// CURLOPT_HEADERFUNCTION(3): called with one whole line at a time.
func receiveHeader(
    bytes: UnsafeMutablePointer<CChar>?, size: Int, count: Int, context: UnsafeMutableRawPointer?
) -> Int {
    received(bytes, size * count, context) { progress, line in progress.takeHeader(line) }
}

private func received(
    _ bytes: UnsafeMutablePointer<CChar>?, _ length: Int, _ context: UnsafeMutableRawPointer?,
    take: (inout TransferProgress, UnsafeBufferPointer<UInt8>) -> Bool
) -> Int {
    guard let context, let bytes else { return length }
    let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
    let goesOn = bytes.withMemoryRebound(to: UInt8.self, capacity: length) { start in
        take(&handle.progress, UnsafeBufferPointer(start: start, count: length))
    }
    // One less than was given is never the right number, not even for an empty piece.
    return goesOn ? length : length - 1
}

/// CURLOPT_PREREQFUNCTION(3): called when the connection stands, TLS included, and the request is about to be written.
///
/// libcurl calls it a second time for one transfer when it is going to write the request again: a kept connection ended
/// before a byte of an answer, or an HTTP/2 peer refused the stream (`Curl_retry_request` in lib/transfer.c; no option
/// switches that off). The peer may have processed what it was sent, so a second time is allowed only if nothing was.
func startSending(
    context: UnsafeMutableRawPointer?, peer: UnsafeMutablePointer<CChar>?, local: UnsafeMutablePointer<CChar>?,
    peerPort: Int32, localPort: Int32
) -> Int32 {
    guard let context else { return CURL_PREREQFUNC_OK }
    let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
    if handle.isSent {
        handle.progress.resendRefused = true
        return CURL_PREREQFUNC_ABORT
    }
    if let sendBy = handle.progress.sendBy, ContinuousClock.now > sendBy {
        handle.progress.wasTooLate = true
        return CURL_PREREQFUNC_ABORT
    }
    handle.progress.starts += 1
    return CURL_PREREQFUNC_OK
}
