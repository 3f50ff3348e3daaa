import CCurl

/// A multi handle and the descriptors with which its loop waits.
///
/// `@unchecked Sendable` for the pointer: `CurlLoop.start` makes it and hands it to the one thread that uses it from then
/// on, and frees it there, or frees it itself where that thread cannot start; what other threads hold is the waker's
/// descriptor, a number.
struct MultiHandle: @unchecked Sendable {
    /// The handle (libcurl-multi(3)).
    let raw: UnsafeMutableRawPointer
    /// An epoll(7) instance.
    let poll: Int32
    /// What ends a wait.
    let waker: Waker

    /// Makes a handle; nil when memory or descriptors are short.
    init?() {
        guard let raw = curl_multi_init() else { return nil }
        self.raw = raw
        poll = oncegate_epoll_create()
        waker = Waker(event: oncegate_eventfd())
        guard poll >= 0, waker.event >= 0 else {
            end()
            return nil
        }
    }

    /// Frees everything; to be called once, when nothing wakes the loop any more.
    func end() {
        curl_multi_cleanup(raw)
        if poll >= 0 { close(poll) }
        if waker.event >= 0 { close(waker.event) }
    }
}
