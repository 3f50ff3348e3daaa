/// A request on its way into the loop.
package struct Transfer: Sendable {
    /// What comes back with the ``Completion``; its meaning is the caller's, the loop does not look at it.
    package var token: UInt64
    /// What to send.
    package var request: HTTPRequest

    /// Pairs the two.
    package init(token: UInt64, request: HTTPRequest) {
        self.token = token
        self.request = request
    }
}

/// What became of a ``Transfer``. Every transfer submitted has exactly one.
package struct Completion: Sendable {
    /// The token of the transfer.
    package var token: UInt64
    /// The answer, or why there is none.
    package var result: Result<HTTPResponse, TransferError>

    /// Pairs the two.
    package init(token: UInt64, result: Result<HTTPResponse, TransferError>) {
        self.token = token
        self.result = result
    }

    /// The time from the start to the end of the transfer, whatever the end was.
    package var duration: Duration {
        switch result {
        case .success(let response): response.duration
        case .failure(let error): error.duration
        }
    }
}
