import Synchronization

/// A number that no other claim has, of this process or another one.
///
/// The sender may send an event to two gateways at once. If the reply to one of the claims is lost, only this tells
/// whether it was that claim which leased the deliveries, or the other one, which is sending them.
package struct ClaimMark: Sendable, Hashable {
    /// What the key of the claim holds: a positive integer, which Redis keeps in the room of a pointer.
    let number: Int

    private static let first = Int.random(in: 1..<(1 << 62))
    private static let made = Atomic(0)

    /// The next one: processes count from numbers that are far apart.
    package static func next() -> ClaimMark {
        ClaimMark(number: first + made.wrappingAdd(1, ordering: .relaxed).oldValue)
    }
}
