import GatewayConfiguration
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("15s", .seconds(15)), ("5m", .seconds(300)), ("24h", .seconds(86_400)),
        ("7d", .seconds(604_800)), ("0s", .zero), ("90s", .seconds(90)),
    ])
    func durationIsRead(text: String, expected: Duration) {
        #expect(DurationText.parse(text) == expected)
    }

    @Test(arguments: [
        "", "5", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5s", "5S", "5min", "5m30s", "٥s", "1e3s",
        "9999999999999999999s",
        "99999999999999999d", "5s\n",
    ])
    func durationIsRefused(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(arguments: [
        (Duration.milliseconds(500), "500ms"), (.seconds(90), "90s"), (.seconds(300), "5m"), (.seconds(86_400), "1d"),
        (.zero, "0s"), (.milliseconds(1500), "1500ms"),
    ])
    func durationIsWritten(duration: Duration, expected: String) {
        #expect(DurationText.format(duration) == expected)
        #expect(DurationText.parse(expected) == duration)
    }

    @Test(arguments: [
        (Duration.seconds(81_200), "22h 33m"), (.seconds(5), "5s"), (.zero, "0s"), (.seconds(3605), "1h"),
        (.seconds(90_000), "1d 1h"), (.milliseconds(1500), "1s 500ms"),
    ])
    func durationIsRounded(duration: Duration, expected: String) {
        #expect(DurationText.approximate(duration) == expected)
    }

    @Test(arguments: [("65536", 65_536), ("64KiB", 65_536), ("1MiB", 1_048_576), ("1GiB", 1_073_741_824), ("0", 0)])
    func sizeIsRead(text: String, expected: Int) {
        #expect(SizeText.parse(text) == expected)
    }

    @Test(arguments: ["", "1MB", "1 MiB", "1mib", "-1", "1.5MiB", "KiB", "999999999999999999GiB", "٣"])
    func sizeIsRefused(text: String) {
        #expect(SizeText.parse(text) == nil)
    }

    @Test(arguments: [
        ("100/s", RateLimit(count: 100, per: .second)), ("6000/m", RateLimit(count: 6000, per: .minute)),
        ("36/h", RateLimit(count: 36, per: .hour)), ("0/s", RateLimit(count: 0, per: .second)),
    ])
    func rateIsRead(text: String, expected: RateLimit) {
        #expect(RateLimit(text) == expected)
        #expect(expected.description == text)
    }

    @Test(arguments: ["", "100", "100/", "/s", "100/d", "100 /s", "-1/s", "1.5/s", "1000001/s", "100/s/s"])
    func rateIsRefused(text: String) {
        #expect(RateLimit(text) == nil)
    }

    @Test(arguments: [
        ("0.0.0.0:8080", "0.0.0.0", 8080), ("[::1]:9090", "::1", 9090), ("localhost:0", "localhost", 0),
        ("my-host.example:65535", "my-host.example", 65_535),
    ])
    func addressIsRead(text: String, host: String, port: Int) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
        #expect(ListenAddress(host: host, port: port).description == text)
    }

    @Test(arguments: [
        "", "8080", ":8080", "host:", "host:65536", "host:-1", "host:+1", "::1:8080", "[localhost]:80", "[]:80",
        "ho st:80", "http://host:80", "host:80/", "[::1%eth0]:80", "host:000080",
    ])
    func addressIsRefused(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.8.9.10", true), ("::1", true), ("localhost", true), ("LOCALHOST", true),
        ("0.0.0.0", false), ("::", false), ("10.0.0.1", false), ("127.0.0.1.example.com", false), ("127.0.0", false),
        ("127.0.0.999", false), ("example.com", false),
    ])
    func loopbackIsKnown(host: String, expected: Bool) {
        #expect(ListenAddress(host: host, port: 1).isLoopback == expected)
    }

    @Test(arguments: [
        ("127.0.0.1:1", "127.0.0.1:1", true), ("0.0.0.0:1", "127.0.0.1:1", true), ("[::]:1", "10.0.0.1:1", true),
        ("127.0.0.1:1", "10.0.0.1:1", false), ("127.0.0.1:1", "127.0.0.1:2", false),
        ("127.0.0.1:0", "127.0.0.1:0", false),
    ])
    func collisionIsKnown(left: String, right: String, expected: Bool) throws {
        let (left, right) = (try #require(ListenAddress(left)), try #require(ListenAddress(right)))
        #expect(left.collides(with: right) == expected)
        #expect(right.collides(with: left) == expected)
    }
}
