/// How the value of a signature header holds signatures.
struct SignatureForm: Sendable, Hashable {
    /// What stands between the entries of a list; nil where the value is one entry.
    var separator: Unicode.Scalar?
    /// What an entry with an HMAC begins with.
    var prefix = ""
    /// What an entry with an Ed25519 signature begins with; nil where the scheme has none.
    var asymmetricPrefix: String?
    /// What the entry with the timestamp begins with; nil where the timestamp has a header or there is none.
    var timestampPrefix: String?

    /// How many entries of a header are looked at; senders list at most one for each key in rotation.
    static let maximumEntries = 32

    /// Whether a test holds for what follows a prefix in one of the entries.
    func contains(
        in value: String, after prefix: String, where test: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        var (value, prefix) = (value, prefix)
        return value.withUTF8 { value in
            prefix.withUTF8 { prefix in
                var (start, entries) = (0, 0)
                while start < value.count, entries < Self.maximumEntries {
                    let end = self.end(ofEntryAt: start, in: value)
                    let isEmpty = end == start
                    let entry = UnsafeBufferPointer(rebasing: value[start..<end])
                    if !isEmpty, entry.starts(with: prefix),
                        test(UnsafeBufferPointer(rebasing: entry[prefix.count...]))
                    {
                        return true
                    }
                    if !isEmpty { entries += 1 }
                    start = end + 1
                }
                return false
            }
        }
    }

    private func end(ofEntryAt start: Int, in value: UnsafeBufferPointer<UInt8>) -> Int {
        guard let separator else { return value.count }
        return value[start...].firstIndex { $0 == UInt8(ascii: separator) } ?? value.count
    }

    /// The timestamp in a header's value; nil where there is none, or more than one.
    func timestamp(in value: String) -> String? {
        guard let timestampPrefix else { return nil }
        var found: [String] = []
        _ = contains(in: value, after: timestampPrefix) {
            found.append(String(decoding: $0, as: UTF8.self))
            return false
        }
        return found.count == 1 ? found[0] : nil
    }
}
