/// The claims over one connection that wait for a call of the script, and when there is to be one.
///
/// What comes in one turn of the event loop is claimed by one call, and so is what comes while Redis works on the call
/// before it: the busier the gateway, the fewer calls. Where enough has come it waits for neither: Redis works on it
/// while the gateway reads on. A value without any input or output of its own; ``Ledger`` acts on what it decides.
struct ClaimQueue {
    /// How many claims do not wait for the end of the turn, nor for a call that is under way: of 64 connections with a
    /// request each, some are in Redis, some in the gateway and some at the sender.
    static let enoughForACall = 24
    /// With how many calls under way claims wait all the same, until there is a whole group of them: Redis has enough to do.
    static let enoughCalls = 2

    /// What to do after a claim was added.
    struct Addition {
        /// Call the script for this group now.
        var due: ClaimGroup?
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
            addition.due = take()
            group = ClaimGroup(claim, limits: limits)
        } else if hasEnough {
            addition.due = take()
            return addition
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

    private var isDue: Bool { calls == 0 || hasEnough }

    private var hasEnough: Bool { calls < Self.enoughCalls && (group?.count ?? 0) >= Self.enoughForACall }

    private mutating func take() -> ClaimGroup? {
        guard let group else { return nil }
        self.group = nil
        calls += 1
        return group
    }
}
