import CCurl

/// Sets options of an easy handle and remembers the first that failed.
struct OptionSetter {
    private let easy: UnsafeMutableRawPointer
    private(set) var result = CURLE_OK

    init(_ easy: UnsafeMutableRawPointer) { self.easy = easy }

    mutating func set(_ option: CURLoption, _ value: Int) { note(oncegate_set_long(easy, option, value)) }

    // Enumerations and macros of curl.h are imported with types of their own.
    mutating func set(_ option: CURLoption, _ value: some BinaryInteger) { set(option, Int(value)) }

    mutating func set(_ option: CURLoption, offset: Int) { note(oncegate_set_offset(easy, option, offset)) }

    mutating func set(_ option: CURLoption, _ value: String) { note(oncegate_set_string(easy, option, value)) }

    /// Sets a text of C, or nothing; libcurl copies it.
    mutating func set(_ option: CURLoption, pointer text: UnsafePointer<CChar>?) {
        note(oncegate_set_string(easy, option, text))
    }

    /// Sets the bytes of a text, or nothing.
    mutating func set(_ option: CURLoption, bytes text: String?) {
        guard var text else { return note(oncegate_set_blob(easy, option, nil, 0)) }
        note(text.withUTF8 { oncegate_set_blob(easy, option, $0.baseAddress, $0.count) })
    }

    mutating func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
        note(oncegate_set_pointer(easy, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: UnsafeMutablePointer<curl_slist>?) {
        note(oncegate_set_list(easy, option, value))
    }

    mutating func set(_ option: CURLoption, _ value: @escaping curl_write_callback) {
        note(oncegate_set_write(easy, option, value))
    }

    mutating func setStart(_ value: @escaping curl_prereq_callback) { note(oncegate_set_prereq(easy, value)) }

    mutating func setSockets(
        open: @escaping curl_opensocket_callback, close: @escaping curl_closesocket_callback,
        context: UnsafeMutableRawPointer
    ) {
        note(oncegate_set_sockets(easy, open, close, context))
    }

    private mutating func note(_ code: CURLcode) {
        if result == CURLE_OK { result = code }
    }
}
