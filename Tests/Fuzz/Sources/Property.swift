/// Ends the run with a message where something that must always hold does not: libFuzzer keeps the input.
func require(
    _ holds: Bool, _ property: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) {
    if !holds { fatalError("does not hold: \(property())", file: file, line: line) }
}

/// What a property needs; the run ends where it fails.
func unwrap<Value>(_ what: String, _ value: () throws -> Value) -> Value {
    do {
        return try value()
    } catch {
        fatalError("\(what): \(error)")
    }
}

extension [UInt8] {
    /// A number that depends on every byte (FNV-1a), for choices that are the same whenever an input is tried.
    var fingerprint: UInt64 {
        reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// The bytes in pieces as a network may bring them: lengths that depend on the bytes, mostly short ones.
    var pieces: [ArraySlice<UInt8>] {
        var generator = SeededGenerator(seed: fingerprint)
        let longest = [1, 3, 40, 400].randomElement(using: &generator) ?? 1
        var pieces: [ArraySlice<UInt8>] = []
        var rest = self[...]
        while !rest.isEmpty {
            let piece = rest.prefix(.random(in: 1...longest, using: &generator))
            pieces.append(piece)
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}

/// Random numbers that are the same at each run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
