import CCurl

/// The header fields of a request as a `curl_slist` in two blocks of memory that are used again for the next request.
///
/// `curl_slist_append` would allocate twice for each field and walk the list each time. libcurl only reads the list
/// (CURLOPT_HTTPHEADER(3)) and does not copy it, so the owner keeps it unchanged until the transfer has ended.
struct HeaderList: ~Copyable {
    private var text = UnsafeMutableRawBufferPointer.allocate(byteCount: 2048, alignment: 1)
    private var nodes = UnsafeMutableBufferPointer<curl_slist>.allocate(capacity: 32)
    private var used = 0
    private var count = 0

    deinit {
        text.deallocate()
        nodes.deallocate()
    }

    /// The list; nil when it is empty.
    var first: UnsafeMutablePointer<curl_slist>? { count == 0 ? nil : nodes.baseAddress }

    /// Replaces the list by the fields of a request that passed ``HTTPRequest/check()``.
    mutating func fill(_ request: HTTPRequest) {
        // The two further fields, each with separator and NUL, are shorter than this.
        let further = 64
        reserve(
            bytes: request.headers.reduce(further) { $0 + $1.name.utf8.count + $1.value.utf8.count + 3 },
            fields: request.headers.count + 2)
        for (name, value) in request.headers { append(name, value) }
        // A name with nothing behind the colon takes a header out that libcurl would add: the wait for 100 (Continue),
        // and the media type of an HTML form.
        appendRemoval("Expect:")
        if request.method == .post && !request.has("content-type") { appendRemoval("Content-Type:") }
        for index in 0..<count - 1 { nodes[index].next = nodes.baseAddress?.advanced(by: index + 1) }
    }

    private mutating func reserve(bytes: Int, fields: Int) {
        used = 0
        count = 0
        if text.count < bytes {
            text.deallocate()
            text = .allocate(byteCount: bytes * 2, alignment: 1)
        }
        if nodes.count < fields {
            nodes.deallocate()
            nodes = .allocate(capacity: fields * 2)
        }
    }

    private mutating func append(_ name: String, _ value: String) {
        let start = used
        write(name.utf8)
        // "name:" alone would take the header out; "name;" sends it empty (CURLOPT_HTTPHEADER(3)).
        if value.utf8.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) {
            write(CollectionOfOne(UInt8(ascii: ";")))
        } else {
            write(CollectionOfOne(UInt8(ascii: ":")))
            write(CollectionOfOne(UInt8(ascii: " ")))
            write(value.utf8)
        }
        finish(from: start)
    }

    private mutating func appendRemoval(_ line: String) {
        let start = used
        write(line.utf8)
        finish(from: start)
    }

    private mutating func write(_ bytes: some Collection<UInt8>) {
        UnsafeMutableRawBufferPointer(rebasing: text[used...]).copyBytes(from: bytes)
        used += bytes.count
    }

    private mutating func finish(from start: Int) {
        write(CollectionOfOne(0))
        let line = text.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self)
        nodes.baseAddress?.advanced(by: count).initialize(to: curl_slist(data: line, next: nil))
        count += 1
    }
}
