/// The checks of a destination's address (RFC 3986), without the leniency of a general URL parser.
enum DestinationURL {
    /// The longest address in bytes.
    static let maximumLength = 2048

    /// What is wrong with the address, as the end of a sentence that begins with what was found; nil if nothing is.
    static func complaint(about url: String) -> String? {
        guard url.utf8.count <= maximumLength else { return "is longer than \(maximumLength) bytes" }
        guard url.utf8.allSatisfy({ ASCII.isVisible($0) && !"\"<>\\^`{|}".utf8.contains($0) }) else {
            return "has a character that a URL cannot hold (percent-encode it)"
        }
        let scheme = ASCII.lowercased(String(url.prefix { $0 != ":" }))
        guard scheme == "http" || scheme == "https", url.dropFirst(scheme.utf8.count).hasPrefix("://") else {
            return "does not begin with http:// or https://"
        }
        guard !url.contains("#") else { return "has a fragment (`#…`), which is never sent" }
        return complaint(aboutAuthority: authority(of: url))
    }

    private static func complaint(aboutAuthority authority: Substring) -> String? {
        guard !authority.contains("@") else {
            return "holds a user name or password; send them as a header instead: "
                + "`headers: { authorization: \"Bearer ${EMAIL_TOKEN}\" }`"
        }
        guard !authority.isEmpty, !authority.hasPrefix(":") else { return "names no host" }
        // The default port stands in where none is written, so that one check serves both.
        let closing = authority.lastIndex(of: "]") ?? authority.startIndex
        let withPort = authority[closing...].contains(":") ? String(authority) : "\(authority):80"
        guard let address = ListenAddress(withPort), address.port != 0 else { return "names an unusable host or port" }
        return nil
    }

    private static func authority(of url: String) -> Substring {
        let rest = url[url.index(url.firstIndex(of: ":") ?? url.startIndex, offsetBy: 3)...]
        return rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    }

    /// The address without userinfo, query and fragment, fit for listings and logs.
    static func shown(_ url: String) -> String {
        let plain = url.prefix { $0 != "?" && $0 != "#" }
        guard let scheme = plain.firstRange(of: "://") else { return "(not a URL)" }
        let rest = plain[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        return "\(plain[..<scheme.upperBound])\(host)\(rest[authority.endIndex...])"
    }
}

extension Destination {
    /// The address without userinfo, query and fragment, fit for listings and logs.
    package var shownURL: String { DestinationURL.shown(url) }
}

extension Destination: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The name and the address without its query.
    package var description: String { "\(name) (\(shownURL))" }

    /// The same, so that a collection of destinations shows no query either.
    package var debugDescription: String { description }

    /// A mirror without the query of the address and without keys.
    package var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "name": name, "url": shownURL, "headers": headers, "payload": payload, "timeout": timeout,
                "concurrency": concurrency, "rateLimit": rateLimit as Any, "retry": retry, "onUnknown": onUnknown,
                "skipStale": skipStale, "breaker": breaker, "ordering": ordering,
            ])
    }
}
