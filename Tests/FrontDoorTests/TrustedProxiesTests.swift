import GatewayConfiguration
import Testing

@testable import FrontDoor

@Suite struct TrustedProxiesTests {
    static let cases: [(peer: String, forwarded: [String], client: String)] = [
        // Nobody else's word counts.
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        // A proxy that says nothing is the client.
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["  198.51.100.1\t"], "198.51.100.1"),
        // What a client wrote itself stands further left.
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        // Several proxies, one behind the other.
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2,10.0.0.3"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2", "10.0.0.3"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.4, 10.0.0.2"], "10.0.0.4"),
        // What is no address ends the way.
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, _hidden"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1,, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, , 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["198.51.100.1;drop"], "10.0.0.1"),
        // Ports and IPv6.
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:x"], "10.0.0.1"),
        ("10.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7"], "10.0.0.1"),
        ("10.0.0.1", ["[2001:db8::7]443"], "10.0.0.1"),
        ("fd00::1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ]

    @Test(arguments: cases.indices) func theClientIsTheFirstThatIsNoProxy(index: Int) throws {
        let row = Self.cases[index]
        let proxies = TrustedProxies(
            ranges: [try #require(AddressRange("10.0.0.0/8")), try #require(AddressRange("fd00::/8"))])
        let client = proxies.client(behind: try #require(IPAddress(row.peer)), forwardedFor: row.forwarded)
        #expect("\(client)" == row.client)
    }

    @Test func theWayBackIsBounded() throws {
        let proxies = TrustedProxies(ranges: [try #require(AddressRange("10.0.0.0/8"))])
        let long = "198.51.100.1" + String(repeating: ", 10.0.0.2", count: 5000)
        #expect("\(proxies.client(behind: try #require(IPAddress("10.0.0.1")), forwardedFor: [long]))" == "10.0.0.2")
    }

    @Test func addressesAreCountedInAndOut() throws {
        let counts = AddressCounts()
        let (one, other) = try (#require(IPAddress("10.0.0.1")), #require(IPAddress("10.0.0.2")))
        #expect(counts.enter(one, limit: 2))
        #expect(counts.enter(one, limit: 2))
        #expect(!counts.enter(one, limit: 2))
        #expect(counts.enter(other, limit: 2))
        counts.leave(one)
        #expect(counts.enter(one, limit: 2))
    }
}
