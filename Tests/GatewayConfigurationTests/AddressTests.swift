import GatewayConfiguration
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("::1", "::1"), ("::", "::"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("::ffff:10.1.2.3", "10.1.2.3"), ("::ffff:a01:203", "10.1.2.3"),
        ("64:ff9b::10.1.2.3", "64:ff9b::a01:203"),
    ])
    func anAddressIsWrittenOneWay(text: String, shown: String) throws {
        #expect("\(try #require(IPAddress(text)))" == shown)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", " 1.2.3.4", "01.2.3.4", "1.2.3.4:80", "[::1]", ":::",
        "::1%eth0", "localhost", "1.2.3.4\0", "fe80::1::2", "12345::", "unknown", String(repeating: "1", count: 100),
    ])
    func whatIsNoAddressIsNone(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.255.255", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.0/8", "::1", false),
        ("10.0.0.0/8", "::ffff:10.9.9.9", true), ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
        ("192.0.2.7/32", "192.0.2.7", true), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
        ("::/0", "2001:db8::1", true), ("::/0", "203.0.113.9", true), ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::1", false), ("2001:db8::/64", "2001:db8::ffff:1", true),
        ("2001:db8::/64", "2001:db8:0:1::", false), ("2001:db8::8/125", "2001:db8::f", true),
        ("2001:db8::8/125", "2001:db8::10", false), ("::1", "::1", true), ("::1/128", "::2", false),
        ("203.0.113.128/25", "203.0.113.127", false), ("203.0.113.128/25", "203.0.113.128", true),
    ])
    func aRangeHoldsItsAddresses(range: String, address: String, isInside: Bool) throws {
        let address = try #require(IPAddress(address))
        #expect(try #require(AddressRange(range)).contains(address) == isInside)
        #expect([try #require(AddressRange(range))].contain(address) == isInside)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.1/8", "10.0.0.0/8/8",
        "10.0.0.0/0008", "2001:db8::/129", "2001:db8::1/32", "10.0.0.0/255.0.0.0", "10.*", "example.com", "0.0.0.1/0",
    ])
    func whatIsNoRangeIsNone(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test(arguments: ["10.0.0.0/8", "192.0.2.7", "0.0.0.0/0", "::/0", "2001:db8::/32", "::1"])
    func aRangeIsShownAsItIsWritten(text: String) throws {
        #expect("\(try #require(AddressRange(text)))" == text)
    }

    @Test func aCustomerHasAWholeNetworkOfIPv6() throws {
        let (one, other) = try (#require(IPAddress("2001:db8::1")), #require(IPAddress("2001:db8::2:3")))
        #expect(one.customer == other.customer)
        #expect(one.customer != (try #require(IPAddress("2001:db8:0:1::1"))).customer)
        #expect(try #require(IPAddress("10.0.0.1")).customer != #require(IPAddress("10.0.0.2")).customer)
    }
}
