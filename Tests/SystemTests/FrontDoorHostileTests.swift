import Foundation
import Testing

@Suite("The front door and hostile bytes")
struct FrontDoorHostileTests {
    /// What came of one case with a good event behind it.
    private struct Outcome: Sendable {
        let answer: HostileCase.Answer
        /// Whether the event behind the case was accepted.
        let isFollowed: Bool
    }

    /// Sends a case and, in the same write, an event that is signed as it should be.
    private static func outcome(of row: HostileCase, port: Int, event: SignedEvent) async throws -> Outcome {
        var request = try event.request()
        request["connection"] = "close"
        let bytes = row.bytes + request.bytes
        return try await RawConnection.with(port: port) { connection in
            await connection.send(bytes)
            let first = try await connection.response()
            guard first["connection"] != "close" else {
                try await connection.waitUntilClosed()  // without another answer
                return Outcome(answer: .ends(first.status), isFollowed: false)
            }
            return Outcome(
                answer: .goesOn(first.status), isFollowed: try await connection.response().status == 202)
        }
    }

    /// Sends all cases, a few at a time.
    /// - Returns: the cases that were not answered as defined, and how many good events were accepted.
    private func run(port: Int) async throws -> (wrong: [String], accepted: Int) {
        try await withThrowingTaskGroup(of: (String?, Bool).self) { group in
            var wrong: [String] = []
            var accepted = 0
            func take() async throws {
                guard let (complaint, isFollowed) = try await group.next() else { return }
                if let complaint { wrong.append(complaint) }
                accepted += isFollowed ? 1 : 0
            }
            for (number, row) in HostileCase.all.enumerated() {
                if number >= 8 { try await take() }
                group.addTask {
                    let outcome = try await Self.outcome(of: row, port: port, event: SignedEvent())
                    var complaint: String?
                    if outcome.answer != row.answer { complaint = "\(row.name): \(outcome.answer), not \(row.answer)" }
                    if case .goesOn = outcome.answer, !outcome.isFollowed { complaint = "\(row.name): is not followed" }
                    return (complaint, outcome.isFollowed)
                }
            }
            for _ in 0..<min(8, HostileCase.all.count) { try await take() }
            return (wrong, accepted)
        }
    }

    @Test("Each is answered as defined, leaves nothing behind and hides nothing, twelve times over")
    func table() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(
                Setup(redis: redis, destinations: [.init("email", email)], extra: "limits: { body: 64KiB }"))
            let rounds = 12
            var accepted = 0
            var memory: [Int] = []
            for _ in 0..<rounds {
                let (wrong, followed) = try await run(port: gateway.port)
                #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
                accepted += followed
                memory.append(try Self.residentKilobytes(of: gateway.process.pid))
            }
            let tried = HostileCase.all.count * rounds
            let growth = memory[rounds - 1] - memory[rounds / 2 - 1]
            // After half of the rounds every buffer has had its largest size.
            #expect(growth < 4096 || !Program.showsItsMemory, "memory grows: \(memory)")
            #expect(gateway.process.ended == nil)
            #expect(try await redis.keys("og:*:claim:*").count == accepted)
            print("hostile inputs: \(tried) tried, \(tried) answered as defined, 0 crashes, memory \(growth) KiB more")
        }
    }

    @Test("Bytes at random are no request, and do no harm")
    func noise() async throws {
        try await Stage.with { stage in
            let email = try await stage.service()
            let redis = try await stage.redis()
            let gateway = try await stage.gateway(Setup(redis: redis, destinations: [.init("email", email)]))
            var random = Dice(state: 5)
            let good = try SignedEvent().request().bytes
            for number in 0..<300 {
                // Noise alone, and requests in which some bytes are others.
                var bytes = good
                if number % 3 == 0 { bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) } }
                for _ in 0..<(number % 5 + 1) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                try await RawConnection.with(port: gateway.port) { connection in
                    await connection.send(bytes)
                    await connection.finish()
                    try await eventually("an end") { try connection.nextResponse() != nil || connection.isClosed }
                }
            }
            #expect(gateway.process.ended == nil)
            try await gateway.accept(SignedEvent())
        }
    }

    private static func residentKilobytes(of pid: Int32) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return try #require(line.flatMap { Int($0.filter(\.isNumber)) })
    }
}

/// Random numbers that are the same at each run (SplitMix64).
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
