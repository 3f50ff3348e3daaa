import Testing

@testable import EventLedger

@Suite struct KeyspaceTests {
    @Test func keysOfOnePartitionShareASlot() {
        let keyspace = Keyspace(prefix: "staging", partition: 7)
        let event = EventReference(source: "clerk", id: "msg_1")
        #expect(keyspace.claim(event) == "staging:{7}:claim:clerk:msg_1")
        #expect(keyspace.event(event) == "staging:{7}:event:clerk:msg_1")
        #expect(keyspace.due("email") == "staging:{7}:due:email")
        #expect(keyspace.dead("email") == "staging:{7}:dead:email")
        #expect(keyspace.held("email") == "staging:{7}:held:email")
        #expect(keyspace.history == "staging:{7}:history")
        #expect(keyspace.pending == "staging:{7}:pending")
    }

    @Test(arguments: ["msg_1", "a:b", ":", "::", "{x}", "a}{b", "clerk:msg", "\"\\", "~"])
    func aReferenceIsReadBack(id: String) {
        let reference = EventReference(source: "clerk-2_x", id: id)
        #expect(EventReference(member: reference.member) == reference)
    }

    @Test func whatHasNoColonIsNoReference() {
        #expect(EventReference(member: "clerk") == nil)
        #expect(EventReference(member: "") == nil)
    }

    @Test(arguments: [
        (Duration.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1), 1), (.microseconds(1001), 2), (.seconds(3), 3000),
        (.seconds(604_800), 604_800_000),
    ])
    func millisecondsAreRoundedUp(duration: Duration, milliseconds: Int) {
        #expect(duration.milliseconds == milliseconds)
    }
}
