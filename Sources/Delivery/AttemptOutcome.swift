import Curl

/// What one attempt came to, as far as can be known.
package enum AttemptOutcome: Sendable, Equatable {
    /// A 2xx.
    case delivered(status: Int)
    /// A status that repeating cannot change: 400, 410, 413, 422.
    case rejected(answer: String)
    /// The request cannot be made: nothing was sent, and repeating cannot help.
    case unsendable(answer: String)
    /// Any other answer, or no request sent. `retryAfter` is the destination's own wish.
    case failed(answer: String, retryAfter: Duration?)
    /// The request went out, and no answer came: the destination may have acted on it.
    case unknown(answer: String)

    /// The gateway itself did not send the request, for it stops, is at a limit or came too late: the destination has no
    /// part in it.
    case notMade(answer: String)

    /// Judges the end of a transfer.
    /// - Parameter now: seconds since 1970, for a `retry-after` that gives a date.
    package init(_ result: Result<HTTPResponse, TransferError>, now: Int64) {
        switch result {
        case .success(let response):
            switch response.status {
            case 200..<300: self = .delivered(status: response.status)
            case 400, 410, 413, 422: self = .rejected(answer: String(response.status))
            default:
                self = .failed(
                    answer: String(response.status),
                    retryAfter: response.retryAfter.flatMap { RetryAfter.delay($0, now: now) })
            }
        case .failure(let error):
            let answer = "\(error.code)"
            if error.requestSent {
                self = .unknown(answer: answer)
            } else if [.shutDown, .cancelled, .overloaded, .tooLate].contains(error.code) {
                self = .notMade(answer: answer)
            } else if error.isRetryable {
                self = .failed(answer: answer, retryAfter: nil)
            } else {
                self = .unsendable(answer: answer)
            }
        }
    }

    /// The answer in a few words, for the record and the log.
    package var answer: String {
        switch self {
        case .delivered(let status): String(status)
        case .rejected(let answer), .unsendable(let answer), .failed(let answer, _), .unknown(let answer),
            .notMade(let answer):
            answer
        }
    }
}
