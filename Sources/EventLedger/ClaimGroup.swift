import NIOCore
import Redis

/// Claims that one call of the script makes: ten of them cost Redis a third less than one by one.
struct ClaimGroup {
    /// One of them.
    struct Claim {
        let event: NewEvent
        /// For each target for how long its delivery is leased at once, or nil; empty for none.
        let leases: [Duration?]
        let promise: EventLoopPromise<ClaimResult>

        func lease(ofTarget index: Int) -> Duration? { index < leases.count ? leases[index] : nil }
    }

    /// A destination of some of them.
    private struct Destination {
        let target: NewEvent.Target
        var lease: Duration?
    }

    /// The way that some of them go out: under load all of them have the same one or two, which the call tells once.
    private struct Plan {
        /// Where its numbers are.
        let numbers: Range<Int>
        var hasLease = false
        var hasOrder = false
    }

    /// How many events one call claims at the most: with the next two it bounds the time for which the script holds up
    /// Redis.
    static let maximumEvents = 64
    /// After how many deliveries a call claims no more; one event may exceed it.
    static let maximumDeliveries = 256
    /// After how many bytes of bodies a call claims no more; one body may exceed it.
    static let maximumBytes = 1 << 20

    private let limits: ClaimLimits
    private var claims: [Claim] = []
    private var destinations: [Destination] = []
    /// Of each plan and target the number of the destination, from 1, negative where the delivery is to be leased.
    private var numbers: [Int] = []
    private var plans: [Plan] = []
    /// The number of each claim's plan, from 1.
    private var planNumbers: [Int] = []
    private var deliveries = 0
    private var bytes = 0

    /// Begins a group with one claim.
    init(_ claim: Claim, limits: ClaimLimits) {
        self.limits = limits
        let isTaken = add(claim, limits: limits)
        precondition(isTaken, "an event goes to a destination once")
    }

    /// Takes a claim in.
    /// - Returns: false if it has to be in another group: this one is full, or has other bounds or other settings of a
    ///   destination.
    mutating func add(_ claim: Claim, limits: ClaimLimits) -> Bool {
        guard limits == self.limits, !isFull else { return false }
        let (known, first) = (destinations.count, numbers.count)
        for (index, target) in claim.event.targets.enumerated() {
            guard let number = number(of: target, lease: claim.lease(ofTarget: index)) else {
                destinations.removeSubrange(known...)
                numbers.removeSubrange(first...)
                return false
            }
            numbers.append(number)
        }
        planNumbers.append(planNumber(ofNumbersFrom: first))
        claims.append(claim)
        deliveries += claim.event.targets.count
        bytes += claim.event.body.readableBytes
        return true
    }

    /// The plan that the numbers at the end are, which it keeps if they are a new one.
    private mutating func planNumber(ofNumbersFrom first: Int) -> Int {
        let own = numbers[first...]
        if let index = plans.firstIndex(where: { numbers[$0.numbers].elementsEqual(own) }) {
            numbers.removeSubrange(first...)
            return index + 1
        }
        plans.append(
            Plan(
                numbers: first..<numbers.count, hasLease: own.contains { $0 < 0 },
                hasOrder: own.contains { destinations[abs($0) - 1].target.isOrdered }))
        return plans.count
    }

    /// How many claims there are.
    var count: Int { claims.count }

    private var isFull: Bool {
        claims.count >= Self.maximumEvents || deliveries >= Self.maximumDeliveries || bytes >= Self.maximumBytes
    }

    private mutating func number(of target: NewEvent.Target, lease: Duration?) -> Int? {
        guard let index = destinations.firstIndex(where: { $0.target.name == target.name }) else {
            destinations.append(Destination(target: target, lease: lease))
            return lease == nil ? destinations.count : -destinations.count
        }
        let known = destinations[index]
        guard known.target == target else { return nil }
        guard let lease else { return index + 1 }
        guard known.lease == nil || known.lease == lease else { return nil }
        destinations[index].lease = lease
        return -(index + 1)
    }

    /// The words of the call.
    func call(_ keyspace: Keyspace) -> (keys: [RedisArgument], arguments: [RedisArgument]) {
        var keys: [RedisArgument] = [.string(keyspace.pending), .string(keyspace.history), .string(keyspace.behind)]
        var arguments: [RedisArgument] = []
        arguments.reserveCapacity(5 + 4 * destinations.count + plans.count + numbers.count + 6 * claims.count)
        arguments += [
            .string(keyspace.base), .integer(limits.window), .integer(limits.maximumPending),
            .integer(destinations.count), .integer(plans.count),
        ]
        for destination in destinations {
            let target = destination.target
            keys.append(keyspace.dueWord(target.name))
            arguments += [
                .string(target.name), target.isOrdered ? "o" : "-", target.maximumPending.map { .integer($0) } ?? "",
                destination.lease.map { .integer($0.milliseconds) } ?? "",
            ]
        }
        for plan in plans {
            arguments.append(.integer(plan.numbers.count))
            for number in numbers[plan.numbers] { arguments.append(.integer(number)) }
        }
        for (claim, number) in zip(claims, planNumbers) {
            let (event, plan) = (claim.event, plans[number - 1])
            // One by one: a list of several would be an array of its own for each event.
            arguments.append(.string(event.reference.member))
            arguments.append(.bytes(event.head.packed(bodyLength: event.body.readableBytes)))
            arguments.append(.bytes(event.body))
            arguments.append(.integer(number))
            if plan.hasLease { arguments.append(.integer(event.mark.number)) }
            if plan.hasOrder {
                arguments.append(event.head.subject.map { .joined("\(event.reference.source):", $0) } ?? "")
            }
        }
        return (keys, arguments)
    }

    /// Tells each claim what came of it.
    func complete(with reply: Result<RedisValue, any Error>) {
        do {
            guard case .array(let items) = try reply.get(), items.count == 1 + claims.count,
                let time = items[0].integer
            else { throw LedgerError(script: "claim") }
            for (claim, item) in zip(claims, items.dropFirst()) {
                claim.promise.completeWith(Result { try ClaimResult(item, of: claim, at: time) })
            }
        } catch {
            for claim in claims { claim.promise.fail(error) }
        }
    }
}

extension ClaimResult {
    /// Reads what the script replied to one claim.
    fileprivate init(_ reply: RedisValue, of claim: ClaimGroup.Claim, at time: Int64) throws {
        let event = claim.event
        switch reply {
        case .integer(1): self = .claimed
        case .integer(2):
            self = .leased(
                receivedAt: time, targets: event.targets.indices.filter { claim.lease(ofTarget: $0) != nil })
        case .integer(0): self = .duplicate
        case .integer(-1): self = .full(destination: nil)
        case .integer(let number) where number < 0 && -number - 2 < event.targets.count:
            self = .full(destination: event.targets[Int(-number) - 2].name)
        case .array(let items):
            let numbers = items.compactMap(\.integer)
            guard numbers.count == items.count, numbers.allSatisfy({ 1...Int64(event.targets.count) ~= $0 }) else {
                throw LedgerError(script: "claim")
            }
            self = .leased(receivedAt: time, targets: numbers.map { Int($0) - 1 })
        default: throw LedgerError(script: "claim")
        }
    }
}
