/// The claims over one connection that wait for a call of the script, and when there is to be one.
///
/// What comes in one turn of the event loop is claimed by one call, and so is what comes while Redis works on the call
/// before it: the busier the gateway, the fewer calls. A value without any input or output of its own; ``Ledger`` acts
/// on what it decides.
struct ClaimQueue {
    /// How many claims do not wait for a call that is under way: a Redis that is far away gets several calls at a time.
    static let enoughForACall = 16

    /// What to do after a claim was added.
    struct Addition {
        /// A group that takes no more: call the script for it.
        var full: ClaimGroup?
        /// Ask for what ``next()`` has at the end of this turn of the loop.
        var needsLook = false
    }

    private var group: ClaimGroup?
    private var calls = 0
    private var isLookPlanned = false

    /// Adds a claim.
    mutating func add(_ claim: ClaimGroup.Claim, limits: ClaimLimits) -> Addition {
        var addition = Addition()
        if group?.add(claim, limits: limits) != true {
            addition.full = take()
            group = ClaimGroup(claim, limits: limits)
        }
        addition.needsLook = !isLookPlanned
        isLookPlanned = true
        return addition
    }

    /// Takes out what is to be claimed now that a turn of the loop ends.
    mutating func next() -> ClaimGroup? {
        isLookPlanned = false
        return isDue ? take() : nil
    }

    /// Notes that a call has come to its end, and takes out what is to be claimed now.
    mutating func replied() -> ClaimGroup? {
        calls -= 1
        return isDue ? take() : nil
    }

    private var isDue: Bool { calls == 0 || (group?.count ?? 0) >= Self.enoughForACall }

    private mutating func take() -> ClaimGroup? {
        guard let group else { return nil }
        self.group = nil
        calls += 1
        return group
    }
}
