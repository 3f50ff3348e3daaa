import EventLedger

extension AdminAPI {
    /// Holds deliveries to a destination back, in all processes, until it is resumed.
    func pause(_ name: String) async throws -> API.PauseAnswer {
        try await requireKnown(name)
        try await ledger.pause(destination: name)
        logger.notice("destination paused", metadata: ["destination": .string(name)])
        return API.PauseAnswer(name: name, paused: true)
    }

    /// Lets deliveries to a destination go on.
    func resume(_ name: String) async throws -> API.PauseAnswer {
        try await requireKnown(name)
        if try await ledger.resume(destination: name) {
            logger.notice("destination resumed", metadata: ["destination": .string(name)])
        }
        notify([name])
        return API.PauseAnswer(name: name, paused: false)
    }
}
