import CCurl

/// Waits for the sockets and the timer of a multi handle, and has libcurl act on those that are ready.
///
/// One wait costs what is ready, however many transfers are under way: curl_multi_perform(3) would look at all of them
/// each time. A connection stays watched when its transfer has ended, for the next one begins soon as a rule; only what
/// comes of it meanwhile ends that. It lives on the loop's thread. libcurl keeps unretained pointers to it for its
/// callbacks; the loop, which owns it, ends the easy handles and the multi handle first.
final class SocketPoll {
    /// The most sockets that one wait reports.
    private static let maximumReady: Int32 = 128

    private let multi: UnsafeMutableRawPointer
    private let poll: Int32
    private let wakeUp: Int32
    private let sockets = UnsafeMutablePointer<Int32>.allocate(capacity: Int(maximumReady))
    private let actions = UnsafeMutablePointer<Int32>.allocate(capacity: Int(maximumReady))
    /// What is known of each descriptor, by its number.
    private var known: [Descriptor] = []
    /// When libcurl wants to be called although no socket is ready.
    private var timer: ContinuousClock.Instant?

    private struct Descriptor {
        /// Whether it is a connection of libcurl, of whose end it will tell.
        var isConnection = false
        /// What epoll watches it for; 0 where it does not.
        var watched: Int32 = 0
        /// What libcurl wants to know of it; 0 where nothing.
        var wanted: Int32 = 0
    }

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
            } else if known[Int(sockets[index])].wanted == 0 {
                // The peer has closed an idle connection, or speaks unasked: libcurl finds out when it next wants it.
                unwatch(sockets[index])
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

    fileprivate func watch(_ socket: curl_socket_t, _ what: Int32) {
        let index = place(of: socket)
        guard what != CURL_POLL_REMOVE else {
            known[index].wanted = 0
            // What libcurl closes without a word must not be taken for watched when its number is given anew.
            if !known[index].isConnection { unwatch(socket) }
            return
        }
        known[index].wanted = what
        guard known[index].watched != what else { return }
        oncegate_epoll_set(poll, socket, what, known[index].watched == 0 ? 0 : 1)
        known[index].watched = what
    }

    private func unwatch(_ socket: curl_socket_t) {
        let index = place(of: socket)
        guard known[index].watched != 0 else { return }
        oncegate_epoll_set(poll, socket, CURL_POLL_REMOVE, 1)
        known[index].watched = 0
    }

    fileprivate func opened(_ socket: curl_socket_t) {
        known[place(of: socket)] = Descriptor(isConnection: true)
    }

    fileprivate func closes(_ socket: curl_socket_t) {
        unwatch(socket)
        known[place(of: socket)] = Descriptor()
    }

    /// Where a descriptor is known: the system gives out the lowest numbers, so that there is a place for each.
    private func place(of socket: curl_socket_t) -> Int {
        let index = Int(socket)
        while known.count <= index { known.append(Descriptor()) }
        return index
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
    Unmanaged<SocketPoll>.fromOpaque(context).takeUnretainedValue().watch(socket, what)
    return 0
}

/// CURLOPT_OPENSOCKETFUNCTION(3): a negative number says that there is no socket.
func openSocket(
    context: UnsafeMutableRawPointer?, purpose: curlsocktype, address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let context, let address else { return -1 }
    let socket = oncegate_open_socket(address)
    if socket >= 0 { Unmanaged<SocketPoll>.fromOpaque(context).takeUnretainedValue().opened(socket) }
    return socket
}

/// CURLOPT_CLOSESOCKETFUNCTION(3): 0 says that it is closed.
func closeSocket(context: UnsafeMutableRawPointer?, socket: curl_socket_t) -> Int32 {
    if let context { Unmanaged<SocketPoll>.fromOpaque(context).takeUnretainedValue().closes(socket) }
    return close(socket)
}

/// CURLMOPT_TIMERFUNCTION(3): -1 means that there is nothing to wait for.
private func wantTimer(multi: UnsafeMutableRawPointer?, milliseconds: Int, context: UnsafeMutableRawPointer?) -> Int32 {
    guard let context else { return 0 }
    Unmanaged<SocketPoll>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds: milliseconds)
    return 0
}
