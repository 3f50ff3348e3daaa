import EventLedger
import NIOCore
import Webhooks

/// The latest events in the forms in which destinations get them: an event that goes to several is rendered once.
///
/// Confined to the dispatchers' event loop.
final class RenderedPayloads {
    /// How many bytes of bodies are kept at the most.
    static let maximumBytes = 8 << 20
    /// How many are kept at the most, however short they are.
    static let maximumCount = 4096

    private struct Key: Hashable {
        let event: EventReference
        /// Tells an event from one of the same id that was sent anew after it was forgotten.
        let receivedAt: Int64
        let format: PayloadFormat
    }

    private var payloads: [Key: RenderedPayload] = [:]
    /// The oldest first.
    private var keys = CircularBuffer<Key>()
    private var bytes = 0

    /// How many are kept.
    var count: Int { payloads.count }

    /// The event of a delivery in a form; the sender's own bytes are no work, and are not kept.
    /// - Throws: `InvalidPayload` where the stored body is not what the front door let in.
    func payload(of delivery: LeasedDelivery, as format: PayloadFormat) throws(InvalidPayload) -> RenderedPayload {
        if format == .raw { return try delivery.event.rendered(as: format) }
        let key = Key(event: delivery.reference, receivedAt: delivery.receivedAt, format: format)
        if let known = payloads[key] { return known }
        let payload = try delivery.event.rendered(as: format)
        payloads[key] = payload
        keys.append(key)
        bytes += payload.body.count
        while bytes > Self.maximumBytes || keys.count > Self.maximumCount, let oldest = keys.popFirst() {
            bytes -= payloads.removeValue(forKey: oldest)?.body.count ?? 0
        }
        return payload
    }
}
