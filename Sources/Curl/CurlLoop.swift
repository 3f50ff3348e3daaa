import CCurl

/// HTTP requests in, outcomes out: one libcurl multi handle on a thread of its own.
///
/// Work goes in and comes out in batches, so that a request costs no thread hop of its own. Connections are kept and
/// shared by all requests, HTTP/2 is used over TLS where it is offered, certificates are always verified, redirects are
/// not followed and proxies of the environment do not apply. libcurl-multi(3) is the reference.
///
/// A request is written at most once. Where libcurl would write it again by itself, because a kept connection ended
/// without an answer, it is prevented and the transfer ends with ``TransferError/Code/connectionDied``.
package final class CurlLoop: Sendable {
    /// Takes completions, in batches, on the loop's thread; it must not block.
    package typealias Receiver = @Sendable ([Completion]) -> Void

    /// What bounds the loop.
    package struct Limits: Sendable {
        /// The most transfers under way; one more ends with ``TransferError/Code/overloaded``. Default 8192.
        package var transfers: Int
        /// The most connections kept for later, those in use included: below the number of transfers under way, each
        /// would need a connection of its own. Default 2048.
        package var keptConnections: Int
        /// How long an idle connection is kept, in seconds. Default ``CurlLoop/keptConnectionSeconds``.
        package var keptSeconds: Int
        /// The file of trusted certificates in PEM; nil means the system's.
        package var authorities: String?

        /// Makes limits.
        package init(
            transfers: Int = 8192, keptConnections: Int = 2048, keptSeconds: Int = CurlLoop.keptConnectionSeconds,
            authorities: String? = nil
        ) {
            self.transfers = transfers
            self.keptConnections = keptConnections
            self.keptSeconds = keptSeconds
            self.authorities = authorities
        }
    }

    /// How long an idle connection is kept, in seconds: less than the 5 s after which servers on Node.js close theirs,
    /// as using a connection in the moment in which it is closed leaves the outcome open.
    package static let keptConnectionSeconds = 3

    /// How many requests share an HTTP/2 connection at the most, where the peer allows as many. libcurl's own bound of
    /// 100 would open a connection for each request beyond.
    package static let streamsPerConnection = 1024

    private let inbox = Inbox()
    private let limits: Limits
    private let onCompletions: Receiver

    /// Makes a loop that does not run yet; what is submitted waits for ``start()``.
    /// - Parameter onCompletions: takes the completions of all ``submit(_:)`` calls, at most once for each turn of the
    ///   loop.
    package init(limits: Limits = Limits(), onCompletions: @escaping Receiver = { _ in }) {
        self.limits = limits
        self.onCompletions = onCompletions
    }

    deinit {
        inbox.stop(by: .now)
    }

    /// Starts the thread. To be called once.
    /// - Throws: ``TransferError`` with `other` when memory or threads are short.
    package func start() throws(TransferError) {
        guard Self.isLibraryReady, let multi = MultiHandle() else {
            throw .refused(.other(Int32(bitPattern: CURLE_FAILED_INIT.rawValue)), "libcurl could not be initialised")
        }
        _ = oncegate_multi_set_long(multi.raw, CURLMOPT_MAXCONNECTS, limits.keptConnections)
        _ = oncegate_multi_set_long(multi.raw, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        _ = oncegate_multi_set_long(multi.raw, CURLMOPT_MAX_CONCURRENT_STREAMS, Self.streamsPerConnection)
        inbox.begin(multi.waker)
        do throws(TransferError) {
            try LoopThread.start { [inbox, limits, onCompletions] in
                LoopBody(multi: multi, inbox: inbox, limits: limits, onCompletions: onCompletions).run()
            }
        } catch {
            abandon()
            multi.end()
            throw error
        }
    }

    /// Sends requests; each ends with one ``Completion``.
    ///
    /// May be called from any thread and from the receiver, and wakes the loop at most once for a call. Once
    /// ``stop(drain:)`` was called, the receiver is called with ``TransferError/Code/shutDown`` on the thread of the
    /// caller.
    package func submit(_ transfers: [Transfer]) {
        guard !transfers.isEmpty else { return }
        let isTaken = inbox.add(transfers.map { Job(request: $0.request, sink: .batch(token: $0.token)) })
        if !isTaken { onCompletions(transfers.map { Completion(token: $0.token, result: .failure(.stopped)) }) }
    }

    /// Sends a request and waits for the answer. Cancelling the task breaks the transfer off.
    /// - Throws: ``TransferError``.
    package func perform(_ request: HTTPRequest) async throws(TransferError) -> HTTPResponse {
        let number = inbox.nextNumber()
        let result: Result<HTTPResponse, TransferError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let job = Job(request: request, sink: .task(number: number, continuation))
                if !inbox.add([job]) { continuation.resume(returning: .failure(.stopped)) }
                // A cancellation from before the job was there found nothing to cancel.
                if Task.isCancelled { inbox.cancel(number) }
            }
        } onCancel: {
            inbox.cancel(number)
        }
        return try result.get()
    }

    /// Ends the loop: takes nothing more, breaks off with ``TransferError/Code/shutDown`` what no byte was sent of, lets
    /// the other transfers under way finish for at most `drain`, then breaks them off as well. Returns when everything is delivered. A second call can bring the end
    /// forward.
    package func stop(drain: Duration = .zero) async {
        guard inbox.hasBegun else { return abandon() }
        inbox.stop(by: .now + drain)
        await inbox.ended()
    }

    /// Ends a loop whose thread does not run.
    private func abandon() {
        let (work, waiting) = inbox.end()
        var completions: [Completion] = []
        for job in work.jobs {
            switch job.sink {
            case .batch(let token): completions.append(Completion(token: token, result: .failure(.stopped)))
            case .task(_, let continuation): continuation.resume(returning: .failure(.stopped))
            }
        }
        if !completions.isEmpty { onCompletions(completions) }
        for continuation in waiting { continuation.resume() }
    }

    /// curl_global_init(3), once for the process and never undone.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK
}
