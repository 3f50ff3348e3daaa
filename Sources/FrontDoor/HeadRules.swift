import NIOHTTP1
import Telemetry

/// What a request head must keep to beyond what the parser (llhttp in its strict form) makes sure of.
///
/// The parser refuses two lengths that contradict each other, folded lines, bare CR and LF, control characters and chunk
/// sizes that are none. What it lets through, and what a server or a proxy behind or before this one could read
/// otherwise, is refused here (RFC 9112, sections 3.2, 6.1 and 11.2).
enum HeadRules {
    /// The longest request target in bytes (RFC 9112, section 3, asks for at least 8000).
    static let maximumTargetBytes = 8192

    /// Why a request goes no further; nil where it may.
    static func refusal(of head: HTTPRequestHead) -> Refusal? {
        guard head.uri.utf8.count <= maximumTargetBytes else { return Refusal(.targetTooLong, .targetTooLong) }
        guard isTarget(head.uri, of: head.method) else { return .malformed }
        var hosts = 0
        var codings = 0
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where isSame(name, "host"):
                hosts += 1
                guard hosts == 1, isHost(value) else { return .malformed }
            case 17 where isSame(name, "transfer-encoding"):
                codings += 1
                // Another coding would have to be undone before the signature is looked at; nobody's sender uses one.
                guard codings == 1, head.version == .http1_1, isSame(value, "chunked") else { return .malformed }
            default: break
            }
        }
        return hosts == 1 || head.version == .http1_0 ? nil : .malformed
    }

    /// Only the origin form, and the asterisk of OPTIONS: this is no proxy.
    private static func isTarget(_ target: String, of method: HTTPMethod) -> Bool {
        guard target.utf8.first == UInt8(ascii: "/") else { return target == "*" && method == .OPTIONS }
        return target.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
    }

    /// Whether a value has only characters of `uri-host [":" port]` (RFC 3986, section 3.2).
    private static func isHost(_ value: String) -> Bool {
        value.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"#,/<>?@\\^`{|}".utf8.contains($0) }
    }

    /// Compares ASCII without regard to case; `other` is lower case.
    private static func isSame(_ text: String, _ other: StaticString) -> Bool {
        guard text.utf8.count == other.utf8CodeUnitCount else { return false }
        return other.withUTF8Buffer { expected in
            text.utf8.elementsEqual(expected) { byte, lower in
                byte == lower || (lower >= UInt8(ascii: "a") && byte | 0x20 == lower)
            }
        }
    }
}

/// An answer that says no, and the outcome under which it is counted.
struct Refusal: Sendable, Equatable {
    let answer: Answer
    let outcome: EventOutcome

    init(_ answer: Answer, _ outcome: EventOutcome) {
        self.answer = answer
        self.outcome = outcome
    }

    static let malformed = Refusal(.malformed, .malformed)
}
