import Glibc
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(5))) struct TLSTests {
    @Test func verifiedConnection() async throws {
        try await withTLSServer { port, authority in
            // A handshake may wait for a core: what is tested is why it fails, and not how soon.
            var limits = RedisLimits.patient
            limits.connectTimeout = .seconds(10)
            let withoutAuthority = limits
            limits.trustRootsFile = authority
            try await withConnection(to: RedisEndpoint(url: "rediss://localhost:\(port)/1"), limits: limits) { redis in
                let value = ByteBuffer(repeating: 7, count: 200_000)
                #expect(try await redis.send(["SET", "k", .bytes(value)]) == .status("OK"))
                let reply = try await redis.send(["GET", "k"])
                #expect(reply == .bulk(value))
            }
            // The certificate is for the name, and not for the address.
            let byAddress = try RedisEndpoint(url: "rediss://127.0.0.1:\(port)")
            try await expectFailure(byAddress, limits: limits)
            // The authority of the test is not among those of the system.
            try await expectFailure(RedisEndpoint(url: "rediss://localhost:\(port)"), limits: withoutAuthority)
        }
    }

    private func expectFailure(_ endpoint: RedisEndpoint, limits: RedisLimits) async throws {
        try await withConnection(to: endpoint, limits: limits, connects: false) { redis in
            try await eventually("a failed handshake") {
                if case .connecting(let reason?) = redis.status {
                    #expect(reason.message.lowercased().contains("certificate"), "\(reason)")
                    return true
                }
                return false
            }
        }
    }

    @Test func unreadableAuthorities() async throws {
        var limits = RedisLimits.patient
        limits.trustRootsFile = "/nonexistent/ca.pem"
        let redis = RedisConnection(
            endpoint: try RedisEndpoint(url: "rediss://localhost"),
            eventLoop: MultiThreadedEventLoopGroup.singleton.any(), logger: quietLogger, limits: limits)
        let error = try await redisError { try await redis.run() }
        #expect(error.code == .tlsConfiguration && !error.isRetryable)
    }

    private func withTLSServer(_ body: (Int, String) async throws -> Void) async throws {
        let directory = try makeTemporaryDirectory()
        defer { removeDirectory(directory) }
        try makeCertificates(in: directory)
        let port = try await freePort()
        let arguments = [
            "--tls-port", "\(port)", "--tls-cert-file", directory + "/server.pem", "--tls-key-file",
            directory + "/server.key", "--tls-ca-cert-file", directory + "/ca.pem", "--tls-auth-clients", "no",
        ]
        try await TestRedis.with(arguments: arguments) { _ in
            try await body(port, directory + "/ca.pem")
        }
    }

    private func makeCertificates(in directory: String) throws {
        let script = """
            set -e; cd '\(directory)'
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test-ca \
              -keyout ca.key -out ca.pem
            openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
              -keyout server.key -out server.csr
            echo subjectAltName=DNS:localhost > extensions
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions \
              -out server.pem
            """
        let pid = try spawn(["sh", "-c", "(\(script)) > '\(directory)/openssl.log' 2>&1"])
        var status: CInt = 0
        waitpid(pid, &status, 0)
        try #require(status == 0, "openssl failed")
    }

    /// A free port below those that the kernel hands out to others; redis-server cannot be told to let it choose.
    private func freePort() async throws -> Int {
        while true {
            let port = Int.random(in: 20_000..<30_000)
            let bound = try? await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .bind(host: "127.0.0.1", port: port).get()
            guard let bound else { continue }
            try await bound.close().get()
            return port
        }
    }
}
