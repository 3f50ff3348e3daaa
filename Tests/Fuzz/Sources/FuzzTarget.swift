import Glibc

/// What can be fuzzed.
enum FuzzTarget {
    private static let all: [String: @Sendable ([UInt8]) -> Void] = [
        "signature": { SignatureTarget.run($0) },
        "http": { HTTPTarget.run($0) },
        "envelope": { EnvelopeTarget.run($0) },
        "normaliser": { NormaliserTarget.run($0) },
        "configuration": { ConfigurationTarget.run($0) },
        "resp": { ReplyTarget.run($0) },
    ]

    /// The target that the environment names: libFuzzer can start itself anew, with its own arguments only.
    static let chosen: @Sendable ([UInt8]) -> Void = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let run = all[name] else {
            fatalError("FUZZ_TARGET is `\(name)`; expected one of \(all.keys.sorted().joined(separator: ", "))")
        }
        return run
    }()
}
