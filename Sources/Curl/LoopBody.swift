import CCurl

/// The loop itself. It is made, run and freed on one thread and is not `Sendable`.
final class LoopBody {
    /// The longest sleep. Nothing needs it; it only bounds the harm of a lost wake-up.
    static let longestSleep = Duration.seconds(60)
    /// The most easy handles kept for later.
    static let maximumIdleHandles = 256

    private let inbox: Inbox
    private let limits: CurlLoop.Limits
    private let onCompletions: CurlLoop.Receiver
    private let handle: MultiHandle
    private let multi: UnsafeMutableRawPointer
    private let poll: SocketPoll
    private var idle: [EasyHandle] = []
    private var active: [EasyHandle] = []
    /// The transfers that a task waits for, by number.
    private var cancellable: [UInt64: EasyHandle] = [:]
    /// The completions of this turn.
    private var completions: [Completion] = []

    /// Takes a multi handle over.
    init(
        multi: MultiHandle, inbox: Inbox, limits: CurlLoop.Limits, onCompletions: @escaping CurlLoop.Receiver
    ) {
        handle = multi
        self.multi = multi.raw
        poll = SocketPoll(multi)
        self.inbox = inbox
        self.limits = limits
        self.onCompletions = onCompletions
    }

    /// Runs until a deadline is set and either it has passed or nothing is under way.
    func run() {
        while true {
            let work = inbox.take()
            if work.deadline == nil {
                for job in work.jobs { start(job) }
            } else {
                for job in work.jobs { finish(job.sink, .failure(.stopped)) }
                abandonUnsent()
            }
            for number in work.cancelled { cancel(number) }
            if let deadline = work.deadline, active.isEmpty || ContinuousClock.now >= deadline { break }
            poll.turn(within: inbox.fallAsleep() ? time(until: work.deadline) : .zero)
            collect()
            deliver()
        }
        end()
    }

    private func start(_ job: Job) {
        do throws(TransferError) {
            try job.request.check()
            if let sendBy = job.request.sendBy, ContinuousClock.now > sendBy {
                throw .refused(.tooLate, "the time to send the request was over")
            }
            guard active.count < limits.transfers else {
                throw .refused(.overloaded, "\(limits.transfers) transfers are under way")
            }
            guard let handle = idle.popLast() ?? EasyHandle(limits: limits, poll: poll) else {
                throw .refused(.other(Int32(bitPattern: CURLE_OUT_OF_MEMORY.rawValue)), "out of memory")
            }
            let code = handle.prepare(job.request, for: job.sink)
            guard code == CURLE_OK, curl_multi_add_handle(multi, handle.easy) == CURLM_OK else {
                throw .refused(.other(Int32(bitPattern: code.rawValue)), "libcurl did not take an option")
            }
            handle.index = active.count
            active.append(handle)
            if case .task(let number, _) = job.sink { cancellable[number] = handle }
        } catch {
            finish(job.sink, .failure(error))
        }
    }

    private func collect() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let context = oncegate_get_private(easy)
            else { continue }
            // Read before the handle leaves the multi handle, for the message is freed then.
            let code = oncegate_message_result(message)
            let handle = Unmanaged<EasyHandle>.fromOpaque(context).takeUnretainedValue()
            // libcurl counts such retries over the life of a handle and gives up at five: a fresh one begins at zero.
            remove(handle, keep: !handle.progress.resendRefused) { $0.finish(code) }
        }
    }

    /// Breaks off what no byte was sent of: whoever stops the loop has it done elsewhere.
    private func abandonUnsent() {
        for handle in active where !handle.isSent {
            remove(handle, keep: false) { $0.abandon(TransferError.stopped.code, TransferError.stopped.message) }
        }
    }

    private func cancel(_ number: UInt64) {
        guard let handle = cancellable[number] else { return }
        remove(handle, keep: true) { $0.abandon(.cancelled, "the transfer was cancelled") }
    }

    private func remove(
        _ handle: EasyHandle, keep: Bool, outcome: (EasyHandle) -> Result<HTTPResponse, TransferError>
    ) {
        curl_multi_remove_handle(multi, handle.easy)
        let last = active.removeLast()
        if last !== handle {
            last.index = handle.index
            active[handle.index] = last
        }
        let sink = handle.sink
        let result = outcome(handle)
        if let sink { finish(sink, result) }
        if keep && idle.count < Self.maximumIdleHandles { idle.append(handle) }
    }

    private func finish(_ sink: Sink, _ result: Result<HTTPResponse, TransferError>) {
        switch sink {
        case .batch(let token): completions.append(Completion(token: token, result: result))
        case .task(let number, let continuation):
            cancellable[number] = nil
            continuation.resume(returning: result)
        }
    }

    private func deliver() {
        guard !completions.isEmpty else { return }
        let batch = completions
        completions = []
        onCompletions(batch)
    }

    private func time(until deadline: ContinuousClock.Instant?) -> Duration {
        // What was refused at once waits to be delivered.
        guard completions.isEmpty else { return .zero }
        return min(Self.longestSleep, deadline.map { max(.zero, $0 - .now) } ?? Self.longestSleep)
    }

    private func end() {
        let stopped = TransferError.stopped
        while let handle = active.last {
            remove(handle, keep: false) { $0.abandon(stopped.code, stopped.message) }
        }
        let (late, waiting) = inbox.end()
        for job in late.jobs { finish(job.sink, .failure(stopped)) }
        deliver()
        idle = []
        handle.end()
        for continuation in waiting { continuation.resume() }
    }
}

extension TransferError {
    /// The loop takes nothing any more.
    static var stopped: TransferError { .refused(.shutDown, "the loop was stopped") }
}
