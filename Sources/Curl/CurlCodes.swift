import CCurl

extension TransferError.Code {
    /// The kind of failure that a `CURLcode` stands for (libcurl-errors(3)).
    init(_ code: CURLcode, _ progress: TransferProgress) {
        self =
            switch code {
            case CURLE_ABORTED_BY_CALLBACK where progress.resendRefused: .connectionDied
            case CURLE_ABORTED_BY_CALLBACK where progress.wasTooLate: .tooLate
            // An answer without a status line counts as HTTP/0.9, which is not allowed.
            case CURLE_UNSUPPORTED_PROTOCOL where progress.starts > 0, CURLE_WEIRD_SERVER_REPLY: .invalidResponse
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED: .badURL
            case CURLE_COULDNT_RESOLVE_HOST: .resolve
            case CURLE_COULDNT_CONNECT: .connect
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED,
                CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
                .tls
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_SEND_ERROR: .sendFailed
            // libcurl is content with a status line, and stops at 101 (Switching Protocols); here both are no answer.
            case CURLE_OK, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM:
                .receiveFailed
            case CURLE_WRITE_ERROR: .tooLarge
            default: .other(Int32(bitPattern: code.rawValue))
            }
    }
}

extension HTTPResponse.Version {
    /// The version as CURLINFO_HTTP_VERSION(3) gives it.
    init(_ version: Int) {
        self =
            switch version {
            case Int(CURL_HTTP_VERSION_1_0): .http10
            case Int(CURL_HTTP_VERSION_1_1): .http11
            case Int(CURL_HTTP_VERSION_2_0): .http2
            default: .other
            }
    }
}
