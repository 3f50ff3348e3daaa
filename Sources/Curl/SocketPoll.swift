import CCurl

/// Waits for the sockets and the timer of a multi handle, and has libcurl act on those that are ready.
///
/// One wait costs what is ready, however many transfers are under way: curl_multi_perform(3) would look at all of them
/// each time. It lives on the loop's thread. libcurl keeps an unretained pointer to it for its callbacks; the loop, which
/// owns it, ends the multi handle first.
final class SocketPoll {
    /// The most sockets that one wait reports.
    private static let maximumReady: Int32 = 128

    private let multi: UnsafeMutableRawPointer
    private let poll: Int32
    private let wakeUp: Int32
    private let sockets = UnsafeMutablePointer<Int32>.allocate(capacity: Int(maximumReady))
    private let actions = UnsafeMutablePointer<Int32>.allocate(capacity: Int(maximumReady))
    /// When libcurl wants to be called although no socket is ready.
    private var timer: ContinuousClock.Instant?

    /// Begins to take libcurl's wishes, on the thread of the loop.
    init(_ handle: MultiHandle) {
        multi = handle.raw
        poll = handle.poll
        wakeUp = handle.waker.event
        oncegate_epoll_set(poll, wakeUp, CURL_POLL_IN, 0)
        let own = Unmanaged.passUnretained(self).toOpaque()
        _ = oncegate_multi_set_socket(multi, watchSocket, own)
        _ = oncegate_multi_set_timer(multi, wantTimer, own)
    }

    deinit {
        sockets.deallocate()
        actions.deallocate()
    }

    /// Waits at most so long, then has libcurl act.
    func turn(within time: Duration) {
        let now = ContinuousClock.now
        let wait = min(time, timer.map { $0 - now } ?? time)
        // Rounded up, lest the last millisecond before a timer is spent turning.
        let milliseconds = wait <= .zero ? 0 : Int32(wait / .milliseconds(1)) + 1
        let count = oncegate_epoll_wait(poll, sockets, actions, Self.maximumReady, milliseconds)
        var running: Int32 = 0
        for index in 0..<Int(count) {
            if sockets[index] == wakeUp {
                oncegate_eventfd_clear(wakeUp)
            } else {
                _ = curl_multi_socket_action(multi, sockets[index], actions[index], &running)
            }
        }
        if let due = timer, due <= .now {
            // One-shot: libcurl sets it anew where it wants to be called again.
            timer = nil
            _ = curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
        }
    }

    fileprivate func watch(_ socket: curl_socket_t, _ what: Int32, isKnown: Bool) {
        oncegate_epoll_set(poll, socket, what, isKnown ? 1 : 0)
        // libcurl hands this back with the next wish for the socket, and forgets it with the socket.
        if !isKnown { curl_multi_assign(multi, socket, Unmanaged.passUnretained(self).toOpaque()) }
    }

    fileprivate func setTimer(milliseconds: Int) {
        timer = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
    }
}

// Called inside libcurl on the loop's thread. `context` is the SocketPoll that set it, alive for as long as the multi
// handle is.

/// CURLMOPT_SOCKETFUNCTION(3).
private func watchSocket(
    easy: UnsafeMutableRawPointer?, socket: curl_socket_t, what: Int32, context: UnsafeMutableRawPointer?,
    own: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context else { return 0 }
    Unmanaged<SocketPoll>.fromOpaque(context).takeUnretainedValue().watch(socket, what, isKnown: own != nil)
    return 0
}

/// CURLMOPT_TIMERFUNCTION(3): -1 means that there is nothing to wait for.
private func wantTimer(multi: UnsafeMutableRawPointer?, milliseconds: Int, context: UnsafeMutableRawPointer?) -> Int32 {
    guard let context else { return 0 }
    Unmanaged<SocketPoll>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds: milliseconds)
    return 0
}
