import NIOCore
import NIOHTTP1

/// The generic types of SwiftNIO that every HTTP listener of a process has in common.
///
/// The Swift runtime (6.3 still) can crash where two threads make a generic type for the first time at the same moment
/// and its argument is a generic class that must conform to a protocol, as in `ByteToMessageHandler<HTTPRequestDecoder>`:
/// it then walks the superclasses of a class whose metadata is not complete (swiftlang/swift, pull requests 37656 and
/// 61276, met this before). Two event loops that accept their first connection together are two such threads.
package enum HTTPTypes {
    private static let made: Void = { _ = ByteToMessageHandler(HTTPRequestDecoder()) }()

    /// Makes the types on this thread; to be called before the first listener of the process accepts.
    package static func instantiate() { made }
}
