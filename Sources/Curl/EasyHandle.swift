import CCurl

/// A libcurl easy handle with everything that libcurl holds pointers into: one transfer at a time, used again and
/// again.
///
/// It lives on the loop's thread and is not `Sendable`. libcurl keeps unretained pointers to it (callbacks and
/// CURLOPT_PRIVATE), to its header list, body and error text. They are valid because all of these are properties that
/// go with the object, the object's `deinit` ends the easy handle first, and the loop takes a transfer out of its multi
/// handle before it lets go of the object.
final class EasyHandle {
    /// A body buffer longer than this is given back after the transfer, in bytes.
    static let keptBodyBytes = 64 * 1024

    let easy: UnsafeMutableRawPointer
    private var headers = HeaderList()
    private var body = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    /// What the callbacks have learnt of the transfer under way.
    var progress = TransferProgress()
    /// Who waits for the transfer under way; nil when there is none.
    var sink: Sink?
    /// How TLS connections are made, as far as libcurl was told.
    private var tls: TLSOptions?
    /// The place in the loop's list of transfers under way.
    var index = 0

    /// Makes a handle with the options that are the same for all requests; nil when memory is short.
    /// - Parameter poll: told of the sockets of its connections; it outlives them.
    init?(limits: CurlLoop.Limits, poll: SocketPoll) {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        guard setConstants(limits, poll) else { return nil }
    }

    deinit {
        curl_easy_cleanup(easy)
        body.deallocate()
        errorText.deallocate()
    }

    /// Prepares the handle for a request that passed ``HTTPRequest/check()``.
    /// - Returns: `CURLE_OK`, or the first option that libcurl did not take.
    func prepare(_ request: HTTPRequest, for sink: Sink) -> CURLcode {
        self.sink = sink
        progress = TransferProgress(isSecure: request.isSecure, sendBy: request.sendBy)
        if let kept = request.keptBodyBytes {
            progress.keptBodyBytes = kept
            progress.maximumBodyBytes = 2 * kept
        }
        errorText.pointee = 0
        headers.fill(request)
        var options = OptionSetter(easy)
        options.set(CURLOPT_URL, request.url)
        options.set(CURLOPT_HTTPHEADER, headers.first)
        options.set(CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeout))
        options.set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.connectTimeout))
        options.set(CURLOPT_FRESH_CONNECT, request.freshConnection ? 1 : 0)
        // Plain HTTP has no negotiation of versions, and waiting there to learn whether a connection can be shared
        // would only hold back a burst.
        options.set(CURLOPT_HTTP_VERSION, request.isSecure ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        options.set(CURLOPT_PIPEWAIT, request.isSecure ? 1 : 0)
        if request.tls != tls {
            options.set(request.tls)
            tls = request.tls
        }
        switch request.method {
        case .get:
            options.set(CURLOPT_HTTPGET, 1)
        case .post:
            keep(request.body)
            options.set(CURLOPT_POST, 1)
            options.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: request.body.count)
            // libcurl does not copy the body. The buffer stays as it is until the next `prepare`, which comes after the
            // end of this transfer. A copy of a few kilobytes costs less than 0.1 µs; a pointer into the Swift array
            // would be valid inside `withUnsafeBytes` only.
            options.set(CURLOPT_POSTFIELDS, body.baseAddress)
        }
        return options.result
    }

    /// What became of the transfer that ended with `code`. The handle is free for the next one afterwards.
    func finish(_ code: CURLcode) -> Result<HTTPResponse, TransferError> {
        defer { release() }
        let duration = Duration.microseconds(oncegate_get_offset(easy, CURLINFO_TOTAL_TIME_T))
        if progress.headersComplete {
            return .success(response(isBodyComplete: code == CURLE_OK, duration: duration))
        }
        return .failure(
            TransferError(
                code: TransferError.Code(code, progress), message: message(code), requestSent: isSent,
                duration: duration))
    }

    /// What became of the transfer, were it broken off now for a reason of ours.
    func abandon(_ code: TransferError.Code, _ message: String) -> Result<HTTPResponse, TransferError> {
        defer { release() }
        let duration = Duration.microseconds(oncegate_get_offset(easy, CURLINFO_TOTAL_TIME_T))
        if progress.headersComplete { return .success(response(isBodyComplete: false, duration: duration)) }
        return .failure(TransferError(code: code, message: message, requestSent: isSent, duration: duration))
    }

    /// Whether a byte of the request may have left: libcurl got as far as writing it, and a write took something.
    /// CURLINFO_REQUEST_SIZE counts all attempts that libcurl made on behalf of this transfer. With TLS the first step
    /// alone counts, as SSL_write(3) can have flushed some records of a write that it has yet to report.
    var isSent: Bool {
        progress.starts > 0 && (progress.isSecure || oncegate_get_long(easy, CURLINFO_REQUEST_SIZE) > 0)
    }

    private func response(isBodyComplete: Bool, duration: Duration) -> HTTPResponse {
        HTTPResponse(
            status: oncegate_get_long(easy, CURLINFO_RESPONSE_CODE), retryAfter: progress.retryAfter,
            bodyPrefix: progress.bodyPrefix, isBodyComplete: isBodyComplete,
            version: HTTPResponse.Version(oncegate_get_long(easy, CURLINFO_HTTP_VERSION)), duration: duration)
    }

    private func message(_ code: CURLcode) -> String {
        if code == CURLE_OK { return "the answer ended within its headers" }
        if progress.resendRefused { return "the peer ended the connection, or refused the request, unanswered" }
        if progress.wasTooLate { return "the time to send the request was over" }
        if code == CURLE_WRITE_ERROR { return "the headers of the answer are too long" }
        let text = errorText.pointee == 0 ? String(cString: curl_easy_strerror(code)) : String(cString: errorText)
        // A peer can bring some of the words; control characters of its choosing shall not reach a terminal.
        return String(decoding: text.utf8.map { $0 >= 0x20 && $0 < 0x7F ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    private func keep(_ bytes: [UInt8]) {
        if body.count < bytes.count {
            body.deallocate()
            body = .allocate(byteCount: bytes.count, alignment: 1)
        }
        body.copyBytes(from: bytes)
    }

    private func release() {
        sink = nil
        progress = TransferProgress()
        guard body.count > Self.keptBodyBytes else { return }
        body.deallocate()
        body = .allocate(byteCount: 4096, alignment: 1)
    }

    // 0 would mean "no limit" to libcurl, and a long has room for 24 days in milliseconds everywhere.
    private static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }

    private func setConstants(_ limits: CurlLoop.Limits, _ poll: SocketPoll) -> Bool {
        var options = OptionSetter(easy)
        let own = Unmanaged.passUnretained(self).toOpaque()
        options.set(CURLOPT_PRIVATE, own)
        options.set(CURLOPT_ERRORBUFFER, errorText)
        options.set(CURLOPT_WRITEFUNCTION, receiveBody)
        options.set(CURLOPT_WRITEDATA, own)
        options.set(CURLOPT_HEADERFUNCTION, receiveHeader)
        options.set(CURLOPT_HEADERDATA, own)
        options.setStart(startSending)
        options.set(CURLOPT_PREREQDATA, own)
        options.setSockets(
            open: openSocket, close: closeSocket, context: Unmanaged.passUnretained(poll).toOpaque())
        options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        options.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        options.set(CURLOPT_FOLLOWLOCATION, 0)
        options.set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        // Empty means none, and keeps http_proxy and its kin in the environment from being looked at: destinations are
        // internal services.
        options.set(CURLOPT_PROXY, "")
        options.set(CURLOPT_NOSIGNAL, 1)
        // A look-up that outlasts its transfer is left to end by itself; by default the whole loop would wait for it.
        options.set(CURLOPT_QUICK_EXIT, 1)
        options.set(CURLOPT_TCP_NODELAY, 1)
        options.set(CURLOPT_TCP_KEEPALIVE, 1)
        options.set(CURLOPT_MAXAGE_CONN, limits.keptSeconds)
        options.set(CURLOPT_SSL_VERIFYPEER, 1)
        options.set(CURLOPT_SSL_VERIFYHOST, 2)
        options.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        if let authorities = limits.authorities { options.set(CURLOPT_CAINFO, authorities) }
        return options.result == CURLE_OK
    }
}
