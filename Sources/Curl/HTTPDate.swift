import CCurl

/// Dates as they stand in HTTP headers.
package enum HTTPDate {
    /// Seconds since 1970 of a date in any of the three forms of RFC 9110 section 5.6.7, or nil (curl_getdate(3)).
    package static func seconds(_ text: String) -> Int64? {
        let time = curl_getdate(text, nil)
        return time < 0 ? nil : Int64(time)
    }
}
